/**
 * Parts with as little in them as possible: a vCPU and memory for boards that run guest code
 * without a machine, and wrappings of engines' and strategies' parts that change one thing.
 */
@Export
@Version("1.0.0")
package trivium.x86.plain;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
