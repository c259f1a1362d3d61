package trivium.machine.block;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import trivium.vm.VmConfig.BlockKind;
import trivium.vm.VmConfig.Drive;
import trivium.vm.VmException;

/** A drive's image in a file, byte for byte. A writable one is locked against other users. */
public final class RawImage implements Image {
    private final FileChannel channel;
    private final Media media;
    private final boolean readOnly;
    private final long sizeBytes;

    private RawImage(FileChannel channel, Media media, boolean readOnly) throws IOException {
        this.channel = channel;
        this.media = media;
        this.readOnly = readOnly;
        this.sizeBytes = channel.size();
    }

    /**
     * @throws VmException naming the image and what is wrong with it
     */
    public static RawImage open(Drive drive) throws VmException {
        Path path = drive.image();
        if (!Files.exists(path)) {
            throw unusable(drive, "does not exist");
        }
        if (!Files.isRegularFile(path) && Files.isDirectory(path)) {
            throw unusable(drive, "is a directory, not an image");
        }
        boolean readOnly = drive.readOnly() || drive.kind() == BlockKind.CDROM;
        if (!Files.isReadable(path) || !readOnly && !Files.isWritable(path)) {
            throw unusable(
                    drive, readOnly ? "cannot be read" : "cannot be written; is it read-only?");
        }
        try {
            return open(drive, path, readOnly);
        } catch (IOException e) {
            throw new VmException(
                    "%s: image %s cannot be opened: %s".formatted(drive.slot(), path, e), e);
        }
    }

    private static RawImage open(Drive drive, Path path, boolean readOnly)
            throws IOException, VmException {
        FileChannel channel =
                readOnly
                        ? FileChannel.open(path, StandardOpenOption.READ)
                        : FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
        try {
            if (!readOnly && !lock(channel)) {
                throw unusable(drive, "is in use by another VM or program");
            }
            RawImage image = new RawImage(channel, Media.valueOf(drive.kind().name()), readOnly);
            String fault = ImageChecks.fault(image, drive.kind());
            if (fault != null) {
                throw unusable(drive, fault);
            }
            return image;
        } catch (IOException | VmException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    private static boolean lock(FileChannel channel) throws IOException {
        try {
            FileLock lock = channel.tryLock();
            return lock != null;
        } catch (OverlappingFileLockException e) {
            return false;
        }
    }

    private static VmException unusable(Drive drive, String why) {
        return new VmException("%s: image %s %s".formatted(drive.slot(), drive.image(), why));
    }

    @Override
    public Media media() {
        return media;
    }

    @Override
    public long sizeBytes() {
        return sizeBytes;
    }

    @Override
    public boolean readOnly() {
        return readOnly;
    }

    @Override
    public void read(long offset, byte[] into, int at, int length) throws IOException {
        checkRange(offset, length);
        ByteBuffer buffer = ByteBuffer.wrap(into, at, length);
        while (buffer.hasRemaining()) {
            int n = channel.read(buffer, offset + buffer.position() - at);
            if (n < 0) {
                throw new EOFException("image ends at %d".formatted(channel.size()));
            }
        }
    }

    @Override
    public void write(long offset, byte[] from, int at, int length) throws IOException {
        checkRange(offset, length);
        if (readOnly) {
            throw new IOException("image is read-only");
        }
        ByteBuffer buffer = ByteBuffer.wrap(from, at, length);
        while (buffer.hasRemaining()) {
            channel.write(buffer, offset + buffer.position() - at);
        }
    }

    private void checkRange(long offset, int length) throws IOException {
        if (offset < 0 || offset > sizeBytes - length) {
            throw new IOException("no bytes %d+%d in this image".formatted(offset, length));
        }
    }

    @Override
    public void flush() throws IOException {
        if (!readOnly) {
            channel.force(false);
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
