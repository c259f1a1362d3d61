package trivium.device;

import org.osgi.annotation.versioning.ConsumerType;

/**
 * A device model: a chip with registers and a state that can be saved, loaded and moved to another
 * version of the same model. All methods are called with the device's monitor held.
 */
@ConsumerType
public interface Device {
    /** Power-on and hard reset. */
    void reset();

    /**
     * The complete state as a record of primitives, strings, arrays of those, lists and nested
     * records; what the guest could observe, and nothing of the host.
     */
    Record save();

    /**
     * Takes a state that {@link #save} of the same model gave.
     *
     * @throws IllegalArgumentException if it is of another shape
     */
    void restore(Record state);

    /** The model is about to be removed or the VM to end: close back ends, release lines. */
    default void close() {}
}
