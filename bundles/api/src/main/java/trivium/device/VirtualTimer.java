package trivium.device;

import org.osgi.annotation.versioning.ProviderType;

/** Runs an action once when the virtual clock reaches a deadline. */
@ProviderType
public interface VirtualTimer {
    /**
     * @param deadlineNanos on {@link VirtualClock#nanos}; a past one runs at once; replaces an
     *     earlier one
     */
    void arm(long deadlineNanos);

    void cancel();
}
