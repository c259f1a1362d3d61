package trivium.rfb.encoding;

import io.netty.buffer.ByteBuf;
import trivium.rfb.protocol.Encodings;

/**
 * RFC 6143 §7.7.4 "Hextile": tiles of 16 by 16 pixels, each a background with rectangles on it, or
 * raw. Background and foreground carry over from tile to tile where the RFC lets them.
 */
public final class HextileEncoder implements RectEncoder {
    private static final int TILE = 16;
    private static final int RAW = 1, BACKGROUND = 2, FOREGROUND = 4, SUBRECTS = 8, COLOURED = 16;
    private static final int MAX_SUBRECTS = 255;

    private final Palette palette = new Palette();
    private final Subrects subrects = new Subrects(TILE * TILE, TILE * TILE);
    private final int[] tile = new int[TILE * TILE];
    private final byte[] scratch = new byte[1 + TILE * TILE * 4];
    private int at;

    private boolean backgroundKnown;
    private int background;
    private boolean foregroundKnown;
    private int foreground;

    @Override
    public int encode(PixelBlock block, PixelWriter writer, ByteBuf out) {
        backgroundKnown = false;
        foregroundKnown = false;
        for (int y = 0; y < block.height(); y += TILE) {
            for (int x = 0; x < block.width(); x += TILE) {
                int width = Math.min(TILE, block.width() - x);
                int height = Math.min(TILE, block.height() - y);
                for (int row = 0; row < height; row++) {
                    int from = (y + row) * block.width() + x;
                    System.arraycopy(block.pixels(), from, tile, row * width, width);
                }
                at = 0;
                encodeTile(width, height, writer);
                out.writeBytes(scratch, 0, at);
            }
        }
        return Encodings.HEXTILE;
    }

    private void encodeTile(int width, int height, PixelWriter writer) {
        palette.clear(256);
        palette.addAll(tile, width * height); // a tile has no more
        int newBackground = Subrects.background(palette, tile, width * height);
        boolean coloured = palette.size() > 2;
        int each = coloured ? writer.bytes() + 2 : 2;
        int rest = width * height * writer.bytes() - 2 * writer.bytes() - 1;
        int limit = Math.clamp(rest / each, 0, MAX_SUBRECTS);
        if (!subrects.find(tile, width, height, newBackground, limit)) {
            putRaw(width * height, writer);
            return;
        }
        putMask(newBackground, coloured, writer);
        if (subrects.count > 0) {
            putSubrects(coloured, writer);
        }
    }

    private void putRaw(int count, PixelWriter writer) {
        scratch[at++] = RAW;
        at = writer.putAll(scratch, at, tile, count);
        backgroundKnown = false;
        foregroundKnown = false;
    }

    private void putMask(int newBackground, boolean coloured, PixelWriter writer) {
        int mask = 0;
        int maskAt = at++;
        if (!backgroundKnown || background != newBackground) {
            mask |= BACKGROUND;
            background = newBackground;
            backgroundKnown = true;
            at = writer.put(scratch, at, background);
        }
        if (subrects.count > 0) {
            mask |= coloured ? SUBRECTS | COLOURED : SUBRECTS;
            if (coloured) {
                foregroundKnown = false;
            } else if (!foregroundKnown || foreground != subrects.colour[0]) {
                mask |= FOREGROUND;
                foreground = subrects.colour[0];
                foregroundKnown = true;
                at = writer.put(scratch, at, foreground);
            }
        }
        scratch[maskAt] = (byte) mask;
    }

    private void putSubrects(boolean coloured, PixelWriter writer) {
        scratch[at++] = (byte) subrects.count;
        for (int i = 0; i < subrects.count; i++) {
            if (coloured) {
                at = writer.put(scratch, at, subrects.colour[i]);
            }
            scratch[at++] = (byte) (subrects.x[i] << 4 | subrects.y[i]);
            scratch[at++] = (byte) (subrects.width[i] - 1 << 4 | subrects.height[i] - 1);
        }
    }
}
