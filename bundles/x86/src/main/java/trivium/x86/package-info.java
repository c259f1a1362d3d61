/**
 * The interpreter engine, the page walker, the state of a CPU after RESET, and the host's image of
 * its floating-point registers.
 */
@Export
@Version("1.0.0")
package trivium.x86;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
