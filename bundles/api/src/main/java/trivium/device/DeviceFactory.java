package trivium.device;

import org.osgi.annotation.versioning.ConsumerType;

/**
 * Makes one model of device. A service with the property {@code device.model}, the name used in
 * {@code --device} and in VM configurations.
 */
@ConsumerType
public interface DeviceFactory {
    String MODEL = "device.model";

    /** The model's name, equal to the service property. */
    String model();

    /** One line for {@code hv:devices}. */
    String description();

    /** The options it takes, name to description. */
    default java.util.Map<String, String> options() {
        return java.util.Map.of();
    }

    /**
     * Makes the device and claims its ports, MMIO and lines from the platform.
     *
     * @throws trivium.vm.VmException if an option or image is unusable; nothing stays claimed
     */
    Device create(Platform platform, DeviceOptions options) throws trivium.vm.VmException;
}
