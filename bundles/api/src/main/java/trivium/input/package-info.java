/** Keyboards and pointers, from viewers and commands to device models. */
@Export
@Version("1.0.0")
package trivium.input;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
