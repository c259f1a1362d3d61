package trivium.cpu;

import java.util.List;
import org.osgi.annotation.versioning.ProviderType;

/** Finds out what the host's CPU does for guests, by looking and by measuring. A service. */
@ProviderType
public interface CpuCheck {
    /** Takes some two seconds of one CPU. */
    Report check();

    /**
     * @param findings in the order in which people read them
     */
    record Report(List<Finding> findings) {
        public Report {
            findings = List.copyOf(findings);
        }
    }

    /**
     * One thing found out.
     *
     * @param group "cpu", "kvm", "speed" or "verdict"
     * @param key a name for programs
     * @param title the same for people
     * @param value a Boolean, a Number or a text
     * @param unit of a number; else empty
     * @param note what it means or what can be done about it; may be empty
     */
    record Finding(String group, String key, String title, Object value, String unit, String note) {
        /** The value with its unit, for people. */
        public String text() {
            String text = value instanceof Boolean yes ? (yes ? "yes" : "no") : value.toString();
            return unit.isEmpty() ? text : text + " " + unit;
        }
    }
}
