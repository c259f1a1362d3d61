package trivium.bus;

import org.osgi.annotation.versioning.ConsumerType;

/**
 * The configuration space of one PCI function (PCI Local Bus 3.0, chapter 6): what the host bridge
 * forwards configuration cycles to. {@link trivium.device.Platform} supplies a ready one; only
 * bridges need their own.
 */
@ConsumerType
public interface PciFunction {
    /**
     * @param register 0 to 255, naturally aligned to {@code size} of 1, 2 or 4 bytes
     */
    int readConfig(int register, int size);

    void writeConfig(int register, int size, int value);
}
