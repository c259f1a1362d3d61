package trivium.machine.lockstep;

import java.io.EOFException;
import java.io.IOException;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import trivium.device.BlockBackend;
import trivium.machine.block.RawImage;
import trivium.vm.VmConfig;
import trivium.vm.VmException;

/**
 * An image that is only read; what the guest writes is kept in memory, by blocks. Never locked, so
 * that two machines can have the same drive.
 */
final class ScratchImage implements BlockBackend, AutoCloseable {
    private static final int BLOCK = 4096;

    /**
     * What a run changes.
     *
     * @param written blocks by number
     * @param ejections how often the guest ejected a medium
     */
    record State(Map<Long, byte[]> written, boolean ejected, int ejections) {}

    private final Media media;

    /** Null in an empty drive. */
    private final RawImage image;

    private final boolean readOnly;
    private Map<Long, byte[]> written = new TreeMap<>();
    private boolean ejected;
    private int ejections;

    /**
     * @throws VmException if the image cannot be used
     */
    ScratchImage(VmConfig.Drive d) throws VmException {
        media = Media.valueOf(d.kind().name());
        readOnly = d.readOnly() || media == Media.CDROM;
        boolean empty = d.image().toString().isEmpty();
        image =
                empty
                        ? null
                        : RawImage.open(new VmConfig.Drive(d.slot(), d.kind(), d.image(), true));
    }

    @Override
    public Media media() {
        return media;
    }

    private boolean present() {
        return image != null && !ejected;
    }

    @Override
    public long sizeBytes() {
        return present() ? image.sizeBytes() : 0;
    }

    @Override
    public boolean readOnly() {
        return readOnly;
    }

    @Override
    public void read(long offset, byte[] into, int at, int length) throws IOException {
        check(offset, length);
        for (int done = 0; done < length; ) {
            long from = offset + done;
            int inBlock = (int) (from % BLOCK);
            int chunk = Math.min(length - done, BLOCK - inBlock);
            byte[] block = written.get(from / BLOCK);
            if (block == null) {
                image.read(from, into, at + done, chunk);
            } else {
                System.arraycopy(block, inBlock, into, at + done, chunk);
            }
            done += chunk;
        }
    }

    @Override
    public void write(long offset, byte[] from, int at, int length) throws IOException {
        check(offset, length);
        if (readOnly) {
            throw new IOException("image is read-only");
        }
        for (int done = 0; done < length; ) {
            long to = offset + done;
            int inBlock = (int) (to % BLOCK);
            int chunk = Math.min(length - done, BLOCK - inBlock);
            // Copied on each write: a checkpoint holds the blocks of before.
            byte[] block = block(to / BLOCK);
            System.arraycopy(from, at + done, block, inBlock, chunk);
            written.put(to / BLOCK, block);
            done += chunk;
        }
    }

    private void check(long offset, int length) throws IOException {
        if (offset < 0 || offset > sizeBytes() - length) {
            throw new EOFException("no bytes %d+%d in this image".formatted(offset, length));
        }
    }

    private byte[] block(long number) throws IOException {
        byte[] block = written.get(number);
        if (block != null) {
            return block.clone();
        }
        long start = number * BLOCK;
        byte[] fresh = new byte[BLOCK];
        image.read(start, fresh, 0, (int) Math.min(BLOCK, sizeBytes() - start));
        return fresh;
    }

    @Override
    public void flush() {}

    @Override
    public int mediaGeneration() {
        return ejections;
    }

    @Override
    public void eject() {
        if (present() && media != Media.DISK) {
            ejected = true;
            ejections++;
        }
    }

    State save() {
        return new State(new TreeMap<>(written), ejected, ejections);
    }

    void restore(State state) {
        written = new TreeMap<>(state.written);
        ejected = state.ejected;
        ejections = state.ejections;
    }

    boolean sameWrites(ScratchImage other) {
        return written.keySet().equals(other.written.keySet())
                && written.entrySet().stream()
                        .allMatch(e -> Arrays.equals(e.getValue(), other.written.get(e.getKey())));
    }

    @Override
    public void close() throws IOException {
        if (image != null) {
            image.close();
        }
    }
}
