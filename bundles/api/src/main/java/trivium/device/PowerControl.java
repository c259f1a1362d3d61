package trivium.device;

import org.osgi.annotation.versioning.ProviderType;

/** What chipset registers can do to the whole VM. All return at once and take effect soon. */
@ProviderType
public interface PowerControl {
    /** ACPI S5 or its like. */
    void powerOff(String by);

    /** Hard reset of CPUs and devices. */
    void reset(String by);

    /**
     * The debug exit port was written: ends a VM that was started with it, with status {@code value
     * << 1 | 1}.
     */
    void debugExit(int value);
}
