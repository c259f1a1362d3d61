/**
 * Instruction vectors: single instructions with the state before and after, as recorded on real
 * processors, read from files and run on any execution engine.
 */
@Export
@Version("1.0.0")
package trivium.x86.vectors;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
