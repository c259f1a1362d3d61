/** Virtual machines: configuration, life cycle, events, and the registry that finds them. */
@Export
@Version("1.0.0")
package trivium.vm;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
