/** Guest-physical memory: RAM, ROM, MMIO, and who is told when they change. */
@Export
@Version("1.0.0")
package trivium.memory;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
