/**
 * What every MMU strategy has to do, as cases that its own tests run ({@link
 * trivium.x86.conformance.MmuConformance}). Needs no test framework.
 */
@Export
@Version("1.0.0")
package trivium.x86.conformance;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
