package trivium.machine.block;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import trivium.device.BlockBackend;
import trivium.vm.VmConfig.BlockKind;
import trivium.vm.VmConfig.Drive;
import trivium.vm.VmException;

/**
 * A CD or floppy drive whose medium, an image, comes and goes while the guest runs. People change
 * media on any thread while a device reads.
 */
public final class RemovableDrive implements BlockBackend, AutoCloseable {
    private final Drive drive;
    private LivingImage medium;
    private Path path;
    private int generation;

    /**
     * @param drive what it is, with the first medium; an empty path means none
     * @throws VmException as {@link LivingImage#open}
     */
    public RemovableDrive(Drive drive) throws VmException {
        this.drive = drive;
        if (!drive.image().toString().isEmpty()) {
            medium = LivingImage.open(drive);
            path = drive.image();
        }
    }

    private RemovableDrive(Drive drive, Frozen state) {
        this.drive = drive;
        medium = state.medium == null ? null : LivingImage.over(state.medium.freeze());
        path = state.path;
        generation = state.generation;
    }

    /**
     * A drive with its medium at a moment.
     *
     * @param medium null if there is none
     */
    public record Frozen(Drive drive, LivingImage medium, Path path, int generation)
            implements AutoCloseable {
        /** A drive that goes on from here. */
        public RemovableDrive open() {
            return new RemovableDrive(drive, this);
        }

        @Override
        public void close() throws IOException {
            if (medium != null) {
                medium.close();
            }
        }
    }

    /** The drive as it is now. */
    public synchronized Frozen freeze() {
        LivingImage past = medium == null ? null : new LivingImage(medium.freeze());
        return new Frozen(drive, past, path, generation);
    }

    /** Whether media of this kind can be changed. */
    public static boolean removable(BlockKind kind) {
        return kind != BlockKind.DISK;
    }

    /**
     * Puts another medium in place of the present one, or none. A file that this process may not
     * write is a write-protected medium.
     *
     * @throws VmException naming the image and what is wrong with it; the medium stays the same
     */
    public synchronized void change(Optional<Path> image) throws VmException {
        LivingImage next = null;
        if (image.isPresent()) {
            if (image.get().equals(path)) {
                return;
            }
            boolean readOnly = drive.readOnly() || !Files.isWritable(image.get());
            next = LivingImage.open(new Drive(drive.slot(), drive.kind(), image.get(), readOnly));
        }
        remove();
        medium = next;
        path = image.orElse(null);
        generation++;
    }

    private void remove() throws VmException {
        try {
            close();
        } catch (IOException e) {
            throw new VmException(
                    "%s: the last writes to %s may be lost: %s".formatted(drive.slot(), path, e),
                    e);
        }
    }

    /** The present medium. */
    public synchronized Optional<Path> image() {
        return Optional.ofNullable(path);
    }

    @Override
    public Media media() {
        return Media.valueOf(drive.kind().name());
    }

    @Override
    public synchronized long sizeBytes() {
        return medium == null ? 0 : medium.sizeBytes();
    }

    @Override
    public synchronized boolean readOnly() {
        return medium == null ? drive.readOnly() : medium.readOnly();
    }

    @Override
    public synchronized void read(long offset, byte[] into, int at, int length) throws IOException {
        present().read(offset, into, at, length);
    }

    @Override
    public synchronized void write(long offset, byte[] from, int at, int length)
            throws IOException {
        present().write(offset, from, at, length);
    }

    private LivingImage present() throws IOException {
        if (medium == null) {
            throw new IOException("there is no medium in the drive");
        }
        return medium;
    }

    @Override
    public synchronized void flush() throws IOException {
        if (medium != null) {
            medium.flush();
        }
    }

    @Override
    public synchronized int mediaGeneration() {
        return generation;
    }

    @Override
    public synchronized void eject() {
        if (medium != null) {
            try {
                close();
            } catch (IOException _) {
                // the guest's flushes, if it made any, told it so
            }
            generation++;
        }
    }

    /** Takes the medium out without telling the guest. */
    @Override
    public synchronized void close() throws IOException {
        LivingImage old = medium;
        medium = null;
        path = null;
        if (old != null) {
            try (old) {
                old.flush();
            }
        }
    }
}
