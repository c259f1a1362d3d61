package trivium.device;

import java.io.IOException;
import org.osgi.annotation.versioning.ProviderType;

/** A disk, CD or floppy image. Offsets and lengths in bytes, any alignment. */
@ProviderType
public interface BlockBackend {
    enum Media {
        DISK,
        CDROM,
        FLOPPY
    }

    Media media();

    /** 0 when a removable drive is empty. */
    long sizeBytes();

    boolean readOnly();

    void read(long offset, byte[] into, int at, int length) throws IOException;

    void write(long offset, byte[] from, int at, int length) throws IOException;

    void flush() throws IOException;

    /** Counts media changes, so that a drive can report one. */
    int mediaGeneration();

    /** The guest opened the tray or asked to eject. */
    void eject();
}
