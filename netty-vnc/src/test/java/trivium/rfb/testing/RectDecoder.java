package trivium.rfb.testing;

import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/** Decodes rectangles as a client does, straight from the specification's text. */
public final class RectDecoder {
    private final Inflater zlib = new Inflater();
    private final Inflater zrle = new Inflater();
    private final Inflater[] tight = {
        new Inflater(), new Inflater(), new Inflater(), new Inflater()
    };

    /**
     * @return width * height values of the format, or null if the encoding has no pixels
     */
    public int[] decode(int encoding, int w, int h, ClientFormat f, DataInputStream in)
            throws IOException {
        return switch (encoding) {
            case 0 -> raw(w * h, f, in);
            case 2 -> rre(w, h, f, in);
            case 5 -> hextile(w, h, f, in);
            case 6 -> raw(w * h, f, inflate(zlib, in.readInt(), w * h * f.bytes(), in));
            case 7 -> tight(w, h, f, in);
            case 16 -> zrle(w, h, f, in);
            default -> null;
        };
    }

    private static int[] raw(int count, ClientFormat f, DataInputStream in) throws IOException {
        int[] pixels = new int[count];
        for (int i = 0; i < count; i++) {
            pixels[i] = f.read(in);
        }
        return pixels;
    }

    private static DataInputStream inflate(
            Inflater inflater, int length, int most, DataInputStream in) throws IOException {
        inflater.setInput(in.readNBytes(length));
        byte[] out = new byte[most + 1];
        int at = 0;
        try {
            for (int n; (n = inflater.inflate(out, at, out.length - at)) > 0; ) {
                at += n;
            }
        } catch (DataFormatException e) {
            throw new IOException(e);
        }
        check(inflater.getRemaining() == 0, "input left over, or too much output");
        return new DataInputStream(new ByteArrayInputStream(out, 0, at));
    }

    private static void check(boolean condition, String message) throws IOException {
        if (!condition) {
            throw new IOException(message);
        }
    }

    private static void fill(int[] p, int stride, int x, int y, int w, int h, int value)
            throws IOException {
        check(x + w <= stride && (y + h) * stride <= p.length, "subrectangle sticks out");
        for (int row = y; row < y + h; row++) {
            java.util.Arrays.fill(p, row * stride + x, row * stride + x + w, value);
        }
    }

    private static int[] rre(int w, int h, ClientFormat f, DataInputStream in) throws IOException {
        int[] p = new int[w * h];
        int count = in.readInt();
        fill(p, w, 0, 0, w, h, f.read(in));
        for (int i = 0; i < count; i++) {
            int value = f.read(in);
            int x = in.readUnsignedShort();
            int y = in.readUnsignedShort();
            fill(p, w, x, y, in.readUnsignedShort(), in.readUnsignedShort(), value);
        }
        return p;
    }

    private static int[] hextile(int w, int h, ClientFormat f, DataInputStream in)
            throws IOException {
        int[] p = new int[w * h];
        Integer bg = null;
        Integer fg = null;
        for (int ty = 0; ty < h; ty += 16) {
            for (int tx = 0; tx < w; tx += 16) {
                int tw = Math.min(16, w - tx);
                int th = Math.min(16, h - ty);
                int mask = in.readUnsignedByte();
                if ((mask & 1) != 0) {
                    for (int y = 0; y < th; y++) {
                        System.arraycopy(raw(tw, f, in), 0, p, (ty + y) * w + tx, tw);
                    }
                    bg = null;
                    fg = null;
                    continue;
                }
                bg = (mask & 2) != 0 ? Integer.valueOf(f.read(in)) : bg;
                fg = (mask & 4) != 0 ? Integer.valueOf(f.read(in)) : fg;
                check(bg != null, "no background");
                fill(p, w, tx, ty, tw, th, bg);
                int count = (mask & 8) != 0 ? in.readUnsignedByte() : 0;
                for (int i = 0; i < count; i++) {
                    Integer value = (mask & 16) != 0 ? Integer.valueOf(f.read(in)) : fg;
                    check(value != null, "no foreground");
                    int xy = in.readUnsignedByte();
                    int wh = in.readUnsignedByte();
                    check((xy >> 4) + (wh >> 4) < tw, "too wide");
                    check((xy & 15) + (wh & 15) < th, "too high");
                    fill(p, w, tx + (xy >> 4), ty + (xy & 15), (wh >> 4) + 1, (wh & 15) + 1, value);
                }
                fg = (mask & 16) != 0 ? null : fg;
            }
        }
        return p;
    }

    private int[] zrle(int w, int h, ClientFormat f, DataInputStream stream) throws IOException {
        int[] p = new int[w * h];
        var in = inflate(zrle, stream.readInt(), w * h * 5 + 1000, stream);
        for (int ty = 0; ty < h; ty += 64) {
            for (int tx = 0; tx < w; tx += 64) {
                int tw = Math.min(64, w - tx);
                int th = Math.min(64, h - ty);
                int[] tile = zrleTile(tw, th, f, in);
                for (int y = 0; y < th; y++) {
                    System.arraycopy(tile, y * tw, p, (ty + y) * w + tx, tw);
                }
            }
        }
        check(in.available() == 0, "ZRLE data left over");
        return p;
    }

    private static int[] zrleTile(int w, int h, ClientFormat f, DataInputStream in)
            throws IOException {
        int kind = in.readUnsignedByte();
        check(kind <= 16 || kind == 128 || kind >= 130, "sub-encoding " + kind);
        int[] palette = new int[kind == 128 ? 0 : kind & 127];
        for (int i = 0; i < palette.length; i++) {
            palette[i] = f.readCompact(in);
        }
        int[] p = new int[w * h];
        if (kind == 0) {
            for (int i = 0; i < p.length; i++) {
                p[i] = f.readCompact(in);
            }
        } else if (kind == 1) {
            java.util.Arrays.fill(p, palette[0]);
        } else if (kind <= 16) {
            int bits = kind == 2 ? 1 : kind <= 4 ? 2 : 4;
            for (int y = 0; y < h; y++) {
                int b = 0;
                int left = 0;
                for (int x = 0; x < w; x++) {
                    if (left == 0) {
                        b = in.readUnsignedByte();
                        left = 8;
                    }
                    left -= bits;
                    p[y * w + x] = palette[b >> left & (1 << bits) - 1];
                }
            }
        } else {
            for (int i = 0; i < p.length; ) {
                int index = kind == 128 ? 128 : in.readUnsignedByte();
                int value = kind == 128 ? f.readCompact(in) : palette[index & 127];
                int length = 1;
                if ((index & 128) != 0) {
                    int b;
                    do {
                        b = in.readUnsignedByte();
                        length += b;
                    } while (b == 255);
                }
                check(i + length <= p.length, "run too long");
                java.util.Arrays.fill(p, i, i += length, value);
            }
        }
        return p;
    }

    private int[] tight(int w, int h, ClientFormat f, DataInputStream in) throws IOException {
        check(w <= 2048, "Tight rectangle of width " + w);
        int control = in.readUnsignedByte();
        for (int i = 0; i < 4; i++) {
            if ((control >> i & 1) != 0) {
                tight[i].reset();
            }
        }
        int[] p = new int[w * h];
        int kind = control >> 4;
        if (kind == 8) {
            java.util.Arrays.fill(p, f.readTight(in));
            return p;
        }
        check(kind < 8, "Tight control " + control);
        Inflater stream = tight[kind & 3];
        int filter = (kind & 4) != 0 ? in.readUnsignedByte() : 0;
        if (filter == 0) {
            var data = tightData(stream, w * h * tightBytes(f), in);
            for (int i = 0; i < p.length; i++) {
                p[i] = f.readTight(data);
            }
            return p;
        }
        check(filter == 1, "Tight filter " + filter);
        int[] palette = new int[in.readUnsignedByte() + 1];
        for (int i = 0; i < palette.length; i++) {
            palette[i] = f.readTight(in);
        }
        boolean mono = palette.length == 2;
        var data = tightData(stream, mono ? (w + 7) / 8 * h : w * h, in);
        for (int y = 0; y < h; y++) {
            int b = 0;
            for (int x = 0; x < w; x++) {
                b = !mono || x % 8 == 0 ? data.readUnsignedByte() : b;
                p[y * w + x] = palette[mono ? b >> 7 - x % 8 & 1 : b];
            }
        }
        return p;
    }

    private static int tightBytes(ClientFormat f) {
        boolean three =
                f.trueColour()
                        && f.bpp() == 32
                        && f.depth() == 24
                        && (f.redMax() & f.greenMax() & f.blueMax()) == 255;
        return three ? 3 : f.bytes();
    }

    private static DataInputStream tightData(Inflater stream, int length, DataInputStream in)
            throws IOException {
        if (length < 12) {
            return new DataInputStream(new ByteArrayInputStream(in.readNBytes(length)));
        }
        int compressed = 0;
        for (int shift = 0; shift <= 14; shift += 7) {
            int b = in.readUnsignedByte();
            compressed |= (shift == 14 ? b : b & 127) << shift;
            if (b < 128) {
                break;
            }
        }
        return inflate(stream, compressed, length, in);
    }
}
