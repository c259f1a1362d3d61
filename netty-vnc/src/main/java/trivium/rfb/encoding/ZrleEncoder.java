package trivium.rfb.encoding;

import io.netty.buffer.ByteBuf;
import trivium.rfb.protocol.Encodings;

/**
 * RFC 6143 §7.7.6 "ZRLE": tiles of 64 by 64 pixels, each in the shortest of five forms, through one
 * zlib stream.
 */
public final class ZrleEncoder implements RectEncoder {
    private static final int TILE = 64;
    private static final int MAX_PALETTE = 127, MAX_PACKED = 16;
    private static final int SOLID = 1, PLAIN_RLE = 128;

    private final DeflateStream stream;
    private final Palette palette = new Palette();
    private final int[] tile = new int[TILE * TILE];

    /** All tiles of a block; no form is longer than a byte and the raw one. */
    private byte[] scratch = new byte[0];

    private int at;

    public ZrleEncoder(int level) {
        stream = new DeflateStream(level);
    }

    @Override
    public int encode(PixelBlock block, PixelWriter writer, ByteBuf out) {
        int tiles = ((block.width() + 63) / TILE) * ((block.height() + 63) / TILE);
        int most = block.size() * writer.compactBytes() + tiles;
        if (scratch.length < most) {
            scratch = new byte[most];
        }
        at = 0;
        for (int y = 0; y < block.height(); y += TILE) {
            for (int x = 0; x < block.width(); x += TILE) {
                int width = Math.min(TILE, block.width() - x);
                int height = Math.min(TILE, block.height() - y);
                copy(block, x, y, width, height);
                encodeTile(width, height, writer);
            }
        }
        stream.writeWithLength(scratch, at, out);
        return Encodings.ZRLE;
    }

    private void copy(PixelBlock block, int x, int y, int width, int height) {
        for (int row = 0; row < height; row++) {
            int from = (y + row) * block.width() + x;
            System.arraycopy(block.pixels(), from, tile, row * width, width);
        }
    }

    private void encodeTile(int width, int height, PixelWriter writer) {
        int count = width * height;
        palette.clear(MAX_PALETTE);
        boolean few = palette.addAll(tile, count);
        if (few && palette.size() == 1) {
            putByte(SOLID);
            at = writer.putCompact(scratch, at, tile[0]);
            return;
        }
        int pixel = writer.compactBytes();
        int raw = count * pixel;
        int plainRle = runBytes(count, pixel);
        int packed = Integer.MAX_VALUE;
        int paletteRle = Integer.MAX_VALUE;
        if (few) {
            paletteRle = palette.size() * pixel + paletteRunBytes(count);
            if (palette.size() <= MAX_PACKED) {
                packed = palette.size() * pixel + (width * indexBits() + 7) / 8 * height;
            }
        }
        int best = Math.min(Math.min(raw, plainRle), Math.min(packed, paletteRle));
        if (best == packed) {
            putPacked(width, height, writer);
        } else if (best == paletteRle) {
            putPaletteRle(count, writer);
        } else if (best == plainRle) {
            putPlainRle(count, writer);
        } else {
            putRaw(count, writer);
        }
    }

    private int indexBits() {
        return palette.size() == 2 ? 1 : palette.size() <= 4 ? 2 : 4;
    }

    /** The end of the run of equal pixels that starts at {@code from}. */
    private int runEnd(int from, int count) {
        int end = from + 1;
        while (end < count && tile[end] == tile[from]) {
            end++;
        }
        return end;
    }

    private int runBytes(int count, int pixel) {
        int bytes = 0;
        for (int i = 0, end; i < count; i = end) {
            end = runEnd(i, count);
            bytes += pixel + 1 + (end - i - 1) / 255;
        }
        return bytes;
    }

    private int paletteRunBytes(int count) {
        int bytes = 0;
        for (int i = 0, end; i < count; i = end) {
            end = runEnd(i, count);
            bytes += end - i == 1 ? 1 : 2 + (end - i - 1) / 255;
        }
        return bytes;
    }

    private void putRaw(int count, PixelWriter writer) {
        putByte(0);
        for (int i = 0; i < count; i++) {
            at = writer.putCompact(scratch, at, tile[i]);
        }
    }

    private void putPlainRle(int count, PixelWriter writer) {
        putByte(PLAIN_RLE);
        for (int i = 0, end; i < count; i = end) {
            end = runEnd(i, count);
            at = writer.putCompact(scratch, at, tile[i]);
            putLength(end - i);
        }
    }

    private void putPalette(PixelWriter writer) {
        for (int i = 0; i < palette.size(); i++) {
            at = writer.putCompact(scratch, at, palette.colour(i));
        }
    }

    private void putPaletteRle(int count, PixelWriter writer) {
        putByte(PLAIN_RLE + palette.size());
        putPalette(writer);
        for (int i = 0, end; i < count; i = end) {
            end = runEnd(i, count);
            int index = palette.index(tile[i]);
            if (end - i == 1) {
                putByte(index);
            } else {
                putByte(index | 128);
                putLength(end - i);
            }
        }
    }

    private void putPacked(int width, int height, PixelWriter writer) {
        putByte(palette.size());
        putPalette(writer);
        int bits = indexBits();
        for (int y = 0; y < height; y++) {
            int packed = 0;
            int filled = 0;
            for (int x = 0; x < width; x++) {
                packed = packed << bits | palette.index(tile[y * width + x]);
                filled += bits;
                if (filled == 8) {
                    putByte(packed);
                    packed = 0;
                    filled = 0;
                }
            }
            if (filled > 0) {
                putByte(packed << 8 - filled);
            }
        }
    }

    /** One less than the length, as a sum of bytes of which all but the last are 255. */
    private void putLength(int length) {
        int rest = length - 1;
        for (; rest >= 255; rest -= 255) {
            putByte(255);
        }
        putByte(rest);
    }

    private void putByte(int value) {
        scratch[at++] = (byte) value;
    }

    @Override
    public void close() {
        stream.close();
    }
}
