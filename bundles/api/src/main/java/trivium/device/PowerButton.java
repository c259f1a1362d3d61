package trivium.device;

import org.osgi.annotation.versioning.ConsumerType;

/** Provided by the power management device: the button on the case. */
@ConsumerType
public interface PowerButton {
    /** Asks the guest to shut down. */
    void press();
}
