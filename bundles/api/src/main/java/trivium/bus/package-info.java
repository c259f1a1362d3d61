/** Port I/O, MMIO, interrupt lines, DMA and PCI as device models see them. */
@Export
@Version("1.0.0")
package trivium.bus;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
