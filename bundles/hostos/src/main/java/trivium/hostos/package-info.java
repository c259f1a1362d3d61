/** Host memory and the host's operating system, the only place that calls restricted methods. */
@Export
@Version("1.0.0")
package trivium.hostos;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
