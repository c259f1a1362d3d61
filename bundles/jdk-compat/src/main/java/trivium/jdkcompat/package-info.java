/**
 * What woven classes call: instead of {@code Subject.getSubject}, which always throws since JDK 24,
 * and before a command line is taken apart. For the classes of other bundles that the weavers
 * rewrite; nobody else needs it.
 */
@Export
@Version("1.0.0")
package trivium.jdkcompat;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
