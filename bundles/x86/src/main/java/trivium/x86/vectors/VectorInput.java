package trivium.x86.vectors;

import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;

/**
 * Bytes of a vector file, gzip or plain, read piece by piece into one reused little-endian buffer.
 */
final class VectorInput implements Closeable {
    /** No record or chunk of either format comes near this; more means a corrupt length. */
    static final int MAX_PIECE_BYTES = 16 << 20;

    private static final int BUFFER_BYTES = 1 << 16;

    private final InputStream in;
    private ByteBuffer piece = ByteBuffer.allocate(1 << 12).order(ByteOrder.LITTLE_ENDIAN);

    private VectorInput(InputStream in) {
        this.in = in;
    }

    static VectorInput open(Path file) throws IOException {
        InputStream raw = new BufferedInputStream(Files.newInputStream(file), BUFFER_BYTES);
        try {
            raw.mark(2);
            boolean gzip = raw.read() == 0x1f && raw.read() == 0x8b;
            raw.reset();
            return new VectorInput(
                    gzip
                            ? new BufferedInputStream(
                                    new GZIPInputStream(raw, BUFFER_BYTES), BUFFER_BYTES)
                            : raw);
        } catch (IOException e) {
            raw.close();
            throw e;
        }
    }

    /**
     * The next bytes, valid until the next call.
     *
     * @return null at the end of the file
     * @throws VectorFormatException if the file ends inside them
     */
    ByteBuffer next(int bytes, String what) throws IOException {
        if (bytes < 0 || bytes > MAX_PIECE_BYTES) {
            throw new VectorFormatException("corrupt: %s of %d bytes".formatted(what, bytes));
        }
        if (bytes > piece.capacity()) {
            int capacity = Integer.highestOneBit(bytes) << 1;
            piece = ByteBuffer.allocate(capacity).order(ByteOrder.LITTLE_ENDIAN);
        }
        int got = in.readNBytes(piece.array(), 0, bytes);
        if (got == 0 && bytes > 0) {
            return null;
        }
        if (got < bytes) {
            throw new VectorFormatException(
                    "truncated: %s has %d of %d bytes".formatted(what, got, bytes));
        }
        return piece.clear().limit(bytes);
    }

    /** As {@link #next}, where the file must not end yet. */
    ByteBuffer need(int bytes, String what) throws IOException {
        ByteBuffer bytesRead = next(bytes, what);
        if (bytesRead == null) {
            throw new VectorFormatException("truncated: the file ends before " + what);
        }
        return bytesRead;
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
