/** Guest screens: a source of pixels that viewers and screenshots read. */
@Export
@Version("1.0.0")
package trivium.display;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
