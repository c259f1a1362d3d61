/**
 * Random differential tests: seeded guest programs run on an execution engine and on the
 * interpreter, with all of state, memory and device accesses compared afterwards.
 */
@Export
@Version("1.0.0")
package trivium.x86.fuzz;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
