/** Virtual CPUs: the canonical state, CPU models, and the engines that run them. */
@Export
@Version("1.0.0")
package trivium.cpu;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
