/**
 * What woven classes call instead of {@code Subject.getSubject}, which always throws since JDK 24.
 * For the classes of other bundles that {@code SubjectWeaver} rewrites; nobody else needs it.
 */
@Export
@Version("1.0.0")
package trivium.jdkcompat;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
