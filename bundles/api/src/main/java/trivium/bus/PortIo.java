package trivium.bus;

import java.util.Optional;
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

    /** The registers that translated code may reach by itself; empty if there are none. */
    default Optional<SharedPorts> shared() {
        return Optional.empty();
    }
}
