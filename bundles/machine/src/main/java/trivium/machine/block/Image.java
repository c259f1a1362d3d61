package trivium.machine.block;

import java.io.IOException;
import trivium.device.BlockBackend;

/** A medium with its content, open. */
public interface Image extends BlockBackend, AutoCloseable {
    @Override
    default int mediaGeneration() {
        return 0;
    }

    /** An image stays; media come and go in a {@link RemovableDrive}. */
    @Override
    default void eject() {}

    @Override
    void close() throws IOException;
}
