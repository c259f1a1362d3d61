package trivium.rfb.encoding;

import io.netty.buffer.ByteBuf;
import trivium.rfb.protocol.Encodings;

/** "Zlib Encoding" of the community's RFB specification: Raw pixels through one zlib stream. */
public final class ZlibEncoder implements RectEncoder {
    private final DeflateStream stream;
    private byte[] scratch = new byte[0];

    public ZlibEncoder(int level) {
        stream = new DeflateStream(level);
    }

    @Override
    public int encode(PixelBlock block, PixelWriter writer, ByteBuf out) {
        int length = block.size() * writer.bytes();
        if (scratch.length < length) {
            scratch = new byte[length];
        }
        writer.putAll(scratch, 0, block.pixels(), block.size());
        stream.writeWithLength(scratch, length, out);
        return Encodings.ZLIB;
    }

    @Override
    public void close() {
        stream.close();
    }
}
