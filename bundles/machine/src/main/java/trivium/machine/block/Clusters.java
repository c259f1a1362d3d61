package trivium.machine.block;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;

/**
 * Pieces of an image by number, in a temporary file that is there from the first one on and goes
 * with this object. Not thread-safe.
 */
final class Clusters implements AutoCloseable {
    static final int BYTES = 64 * 1024;

    private final Map<Long, Integer> slots = new HashMap<>();
    private FileChannel file;

    boolean has(long cluster) {
        return slots.containsKey(cluster);
    }

    int count() {
        return slots.size();
    }

    /** Reads from a cluster that is there. */
    void read(long cluster, int offset, byte[] into, int at, int length) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(into, at, length);
        long position = (long) slots.get(cluster) * BYTES + offset;
        while (buffer.hasRemaining()) {
            int n = file.read(buffer, position + buffer.position() - at);
            if (n < 0) {
                throw new EOFException("cluster %d".formatted(cluster));
            }
        }
    }

    /** Writes to a cluster that is there. */
    void write(long cluster, int offset, byte[] from, int at, int length) throws IOException {
        write(slots.get(cluster), offset, ByteBuffer.wrap(from, at, length));
    }

    private void write(int slot, int offset, ByteBuffer buffer) throws IOException {
        long position = (long) slot * BYTES + offset;
        while (buffer.hasRemaining()) {
            position += file.write(buffer, position);
        }
    }

    /**
     * Adds a cluster.
     *
     * @param content BYTES bytes
     */
    void put(long cluster, byte[] content) throws IOException {
        if (file == null) {
            open();
        }
        write(slots.size(), 0, ByteBuffer.wrap(content));
        slots.put(cluster, slots.size());
    }

    private void open() throws IOException {
        Path path = Files.createTempFile("trivium-", ".clusters");
        file =
                FileChannel.open(
                        path,
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE,
                        StandardOpenOption.DELETE_ON_CLOSE);
        Files.deleteIfExists(path); // where files may go while they are open
    }

    @Override
    public void close() throws IOException {
        if (file != null) {
            file.close();
        }
    }
}
