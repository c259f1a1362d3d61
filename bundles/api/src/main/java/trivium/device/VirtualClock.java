package trivium.device;

import org.osgi.annotation.versioning.ProviderType;

/** A VM's clock: it stands still while the VM is paused. */
@ProviderType
public interface VirtualClock {
    /** Nanoseconds since the VM was started. Never goes back. */
    long nanos();

    /** Wall-clock time for RTCs: milliseconds since 1970-01-01 UTC at the VM's now. */
    long epochMillis();
}
