/** MMU strategies: from linear to guest-physical addresses. */
@Export
@Version("1.0.0")
package trivium.mmu;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
