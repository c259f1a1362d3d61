package trivium.machine.board;

import java.util.Optional;
import trivium.device.BlockBackend;
import trivium.device.SerialBackend;

/** The host's side of a board. */
public interface Backends {
    Optional<SerialBackend> serial(int port);

    Optional<BlockBackend> drive(String slot);

    Optional<String> property(String key);

    Optional<byte[]> firmware(String role);
}
