package trivium.machine.lockstep;

import java.io.EOFException;
import java.io.IOException;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import trivium.device.BlockBackend;
import trivium.machine.block.RawImage;

/**
 * An image that is only read; what the guest writes is kept in memory, by blocks. Never locked, so
 * that two machines can have the same drive.
 */
final class ScratchImage implements BlockBackend, AutoCloseable {
    private static final int BLOCK = 4096;

    private final RawImage image;
    private final boolean readOnly;
    private Map<Long, byte[]> written = new TreeMap<>();

    /**
     * @param image opened for reading
     * @param readOnly what the guest is to see
     */
    ScratchImage(RawImage image, boolean readOnly) {
        this.image = image;
        this.readOnly = readOnly;
    }

    @Override
    public Media media() {
        return image.media();
    }

    @Override
    public long sizeBytes() {
        return image.sizeBytes();
    }

    @Override
    public boolean readOnly() {
        return readOnly;
    }

    @Override
    public void read(long offset, byte[] into, int at, int length) throws IOException {
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
        if (readOnly || offset < 0 || offset > sizeBytes() - length) {
            throw new EOFException("no bytes %d+%d to write".formatted(offset, length));
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
        return image.mediaGeneration();
    }

    @Override
    public void eject() {
        image.eject();
    }

    Map<Long, byte[]> save() {
        return new TreeMap<>(written);
    }

    void restore(Map<Long, byte[]> blocks) {
        written = new TreeMap<>(blocks);
    }

    boolean sameWrites(ScratchImage other) {
        return written.keySet().equals(other.written.keySet())
                && written.entrySet().stream()
                        .allMatch(e -> Arrays.equals(e.getValue(), other.written.get(e.getKey())));
    }

    @Override
    public void close() throws IOException {
        image.close();
    }
}
