/**
 * The reference interpreter, and the hook by which a translating engine runs its hot blocks. Other
 * bundles use {@link trivium.x86.interp.Interpreter}, {@link trivium.x86.interp.Cpu}, {@link
 * trivium.x86.interp.Block}, {@link trivium.x86.interp.Accelerator} and {@link
 * trivium.x86.interp.Cpuid}.
 */
@Export
@Version("1.0.0")
package trivium.x86.interp;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
