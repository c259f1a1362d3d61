package trivium.rfb.encoding;

import io.netty.buffer.ByteBuf;
import java.util.zip.Deflater;

/** A zlib stream that lives as long as its connection; each piece ends with a sync flush. */
final class DeflateStream implements AutoCloseable {
    private final Deflater deflater;
    private final byte[] chunk = new byte[16384];

    DeflateStream(int level) {
        deflater = new Deflater(level);
    }

    void write(byte[] bytes, int length, ByteBuf out) {
        deflater.setInput(bytes, 0, length);
        int produced;
        do {
            produced = deflater.deflate(chunk, 0, chunk.length, Deflater.SYNC_FLUSH);
            out.writeBytes(chunk, 0, produced);
        } while (produced == chunk.length);
    }

    /** As {@link #write}, with the number of bytes before them as U32. */
    void writeWithLength(byte[] bytes, int length, ByteBuf out) {
        int start = out.writerIndex();
        out.writeInt(0);
        write(bytes, length, out);
        out.setInt(start, out.writerIndex() - start - 4);
    }

    @Override
    public void close() {
        deflater.end();
    }
}
