/**
 * An RFB (VNC) server on Netty: protocol versions 3.3, 3.7 and 3.8. {@link trivium.rfb.RfbServer}
 * shows one console to any number of viewers and needs no container.
 */
@Export
@Version("1.0.0")
package trivium.rfb;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
