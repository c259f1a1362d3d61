package trivium.rfb.encoding;

import io.netty.buffer.ByteBuf;
import trivium.rfb.protocol.Encodings;

/** RFC 6143 §7.7.1 "Raw Encoding": pixels from left to right, top to bottom. */
public final class RawEncoder implements RectEncoder {
    private byte[] scratch = new byte[0];

    @Override
    public int encode(PixelBlock block, PixelWriter writer, ByteBuf out) {
        int length = block.size() * writer.bytes();
        if (scratch.length < length) {
            scratch = new byte[length];
        }
        writer.putAll(scratch, 0, block.pixels(), block.size());
        out.writeBytes(scratch, 0, length);
        return Encodings.RAW;
    }
}
