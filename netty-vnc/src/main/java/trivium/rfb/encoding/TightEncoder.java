package trivium.rfb.encoding;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import trivium.rfb.protocol.Encodings;

/**
 * "Tight Encoding" of the community's RFB specification, lossless: fill, palette and full colour,
 * each kind through its own zlib stream. Not used: JPEG, the gradient filter, stream resets.
 */
public final class TightEncoder implements RectEncoder {
    private static final int FILL = 0x80;
    private static final int EXPLICIT_FILTER = 0x40, PALETTE_FILTER = 1;
    private static final int FULL_COLOUR = 0, MONO = 1, INDEXED = 2;

    /** Shorter data goes without compression and without length. */
    private static final int MIN_TO_COMPRESS = 12;

    /** zlib levels of full colour, mono and indexed data by compression level, as TigerVNC's. */
    // spotless:off
    private static final int[][] LEVELS = {
        {0, 0, 0}, {1, 1, 1}, {2, 3, 3}, {2, 5, 5}, {3, 7, 6}, {4, 8, 7}, {5, 8, 7}, {6, 9, 8}, {7, 9, 9}, {9, 9, 9},
    };
    // spotless:on

    private final DeflateStream[] streams = new DeflateStream[3];
    private final Palette palette = new Palette();
    private final ByteBuf compressed = Unpooled.buffer();
    private final byte[] pixel = new byte[4];
    private byte[] scratch = new byte[0];

    /**
     * @param level the viewer's compression level, 0 to 9
     */
    public TightEncoder(int level) {
        for (int i = 0; i < streams.length; i++) {
            streams[i] = new DeflateStream(LEVELS[level][i]);
        }
    }

    @Override
    public int encode(PixelBlock block, PixelWriter writer, ByteBuf out) {
        int most = block.size() * writer.tightBytes();
        if (scratch.length < most) {
            scratch = new byte[most];
        }
        palette.clear(paletteLimit(block, writer));
        if (!palette.addAll(block.pixels(), block.size())) {
            fullColour(block, writer, out);
        } else if (palette.size() == 1) {
            out.writeByte(FILL);
            putPixel(writer, palette.colour(0), out);
        } else {
            indexed(block, writer, out);
        }
        return Encodings.TIGHT;
    }

    /** A palette of more colours would be longer than the pixels; one of bytes saves nothing. */
    private static int paletteLimit(PixelBlock block, PixelWriter writer) {
        return writer.tightBytes() == 1 ? 2 : Math.clamp(block.size() / 2, 2, 256);
    }

    private void fullColour(PixelBlock block, PixelWriter writer, ByteBuf out) {
        int length = 0;
        for (int i = 0; i < block.size(); i++) {
            length = writer.putTight(scratch, length, block.pixels()[i]);
        }
        out.writeByte(FULL_COLOUR << 4);
        putData(FULL_COLOUR, length, out);
    }

    private void indexed(PixelBlock block, PixelWriter writer, ByteBuf out) {
        int stream = palette.size() == 2 ? MONO : INDEXED;
        out.writeByte(stream << 4 | EXPLICIT_FILTER).writeByte(PALETTE_FILTER);
        out.writeByte(palette.size() - 1);
        for (int i = 0; i < palette.size(); i++) {
            putPixel(writer, palette.colour(i), out);
        }
        putData(stream, stream == MONO ? packBits(block) : indices(block), out);
    }

    private int indices(PixelBlock block) {
        for (int i = 0; i < block.size(); i++) {
            scratch[i] = (byte) palette.index(block.pixels()[i]);
        }
        return block.size();
    }

    private int packBits(PixelBlock block) {
        int at = 0;
        for (int y = 0; y < block.height(); y++) {
            int row = y * block.width();
            for (int x = 0; x < block.width(); x += 8) {
                int bits = 0;
                for (int i = 0; i < 8; i++) {
                    boolean set =
                            x + i < block.width()
                                    && block.pixels()[row + x + i] == palette.colour(1);
                    bits = bits << 1 | (set ? 1 : 0);
                }
                scratch[at++] = (byte) bits;
            }
        }
        return at;
    }

    private void putData(int stream, int length, ByteBuf out) {
        if (length < MIN_TO_COMPRESS) {
            out.writeBytes(scratch, 0, length);
            return;
        }
        compressed.clear();
        streams[stream].write(scratch, length, compressed);
        putCompactLength(compressed.readableBytes(), out);
        out.writeBytes(compressed);
    }

    /** Seven bits a byte, low ones first; the third has eight. */
    static void putCompactLength(int length, ByteBuf out) {
        if (length < 1 << 7) {
            out.writeByte(length);
        } else if (length < 1 << 14) {
            out.writeByte(length & 0x7f | 0x80).writeByte(length >>> 7);
        } else {
            out.writeByte(length & 0x7f | 0x80);
            out.writeByte(length >>> 7 & 0x7f | 0x80);
            out.writeByte(length >>> 14);
        }
    }

    private void putPixel(PixelWriter writer, int value, ByteBuf out) {
        out.writeBytes(pixel, 0, writer.putTight(pixel, 0, value));
    }

    @Override
    public void close() {
        for (DeflateStream stream : streams) {
            stream.close();
        }
    }
}
