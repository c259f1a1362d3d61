package trivium.rfb.encoding;

import io.netty.buffer.ByteBuf;
import trivium.rfb.protocol.Encodings;

/** RFC 6143 §7.7.3 "RRE": a background and rectangles on it; Raw where that is shorter. */
public final class RreEncoder implements RectEncoder {
    private static final int PLACE_BYTES = 8;

    private final RawEncoder raw = new RawEncoder();
    private final Palette palette = new Palette();
    private final byte[] pixel = new byte[4];
    private Subrects subrects = new Subrects(0, 0);
    private int room;

    @Override
    public int encode(PixelBlock block, PixelWriter writer, ByteBuf out) {
        palette.clear(256);
        int limit = block.size() * writer.bytes() / (writer.bytes() + PLACE_BYTES);
        if (room < block.size()) {
            room = block.size();
            subrects = new Subrects(room, room);
        }
        if (!palette.addAll(block.pixels(), block.size())) {
            return raw.encode(block, writer, out);
        }
        int background = Subrects.background(palette, block.pixels(), block.size());
        if (!subrects.find(block.pixels(), block.width(), block.height(), background, limit)) {
            return raw.encode(block, writer, out);
        }
        out.writeInt(subrects.count);
        putPixel(writer, background, out);
        for (int i = 0; i < subrects.count; i++) {
            putPixel(writer, subrects.colour[i], out);
            out.writeShort(subrects.x[i]).writeShort(subrects.y[i]);
            out.writeShort(subrects.width[i]).writeShort(subrects.height[i]);
        }
        return Encodings.RRE;
    }

    private void putPixel(PixelWriter writer, int value, ByteBuf out) {
        out.writeBytes(pixel, 0, writer.put(pixel, 0, value));
    }
}
