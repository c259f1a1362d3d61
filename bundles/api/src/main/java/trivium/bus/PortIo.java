package trivium.bus;

import org.osgi.annotation.versioning.ProviderType;

/**
 * The 64 Ki I/O ports as the CPU sees them. Ports nobody claims read all ones and ignore writes.
 */
@ProviderType
public interface PortIo {
    /**
     * @param size 1, 2 or 4 bytes
     */
    int in(int port, int size);

    void out(int port, int size, int value);
}
