package trivium.bus;

import org.osgi.annotation.versioning.ConsumerType;

/**
 * Registers behind a window of ports or MMIO addresses. The bus checks the window and holds the
 * device's monitor, so a model is single-threaded and must not block.
 */
@ConsumerType
public interface BusDevice {
    /**
     * @param offset in bytes from the start of the window
     * @param size 1, 2, 4 or (MMIO only) 8 bytes
     */
    long read(long offset, int size);

    void write(long offset, int size, long value);
}
