/** The interpreter engine, the page walker, and the state of a CPU after RESET. */
@Export
@Version("1.0.0")
package trivium.x86;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
