/** Device models, their factories, their state, and the platform that hosts them. */
@Export
@Version("1.0.0")
package trivium.device;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
