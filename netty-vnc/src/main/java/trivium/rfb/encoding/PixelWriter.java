package trivium.rfb.encoding;

import io.netty.buffer.ByteBuf;
import trivium.rfb.protocol.PixelFormat;

/**
 * Turns 0x00RRGGBB into pixel values of a format, and these into bytes: whole ones (PIXEL), ZRLE's
 * (CPIXEL) and Tight's (TPIXEL). The {@code put} methods return the index after what they wrote.
 */
public final class PixelWriter {
    private final PixelFormat format;
    private final int[] red;
    private final int[] green;
    private final int[] blue;
    private final boolean natural;
    private final int bytes;
    private final boolean bigEndian;
    private final boolean compact;
    private final int compactShift;
    private final boolean tight;

    public PixelWriter(PixelFormat format) {
        this.format = format;
        red = channel(format.redMax(), format.redShift());
        green = channel(format.greenMax(), format.greenShift());
        blue = channel(format.blueMax(), format.blueShift());
        bytes = format.bitsPerPixel() / 8;
        bigEndian = format.bigEndian();
        boolean all8 = (format.redMax() & format.greenMax() & format.blueMax()) == 255;
        natural =
                all8
                        && format.redShift() == 16
                        && format.greenShift() == 8
                        && format.blueShift() == 0;
        int used = red[255] | green[255] | blue[255];
        boolean candidate = format.trueColour() && bytes == 4 && format.depth() <= 24;
        boolean low = (used & 0xff00_0000) == 0;
        boolean high = (used & 0xff) == 0;
        compact = candidate && (low || high);
        compactShift = low ? 0 : 8;
        tight = candidate && format.depth() == 24 && all8;
    }

    private static int[] channel(int max, int shift) {
        int[] values = new int[256];
        for (int i = 0; i < values.length; i++) {
            values[i] = (i * max + 127) / 255 << shift;
        }
        return values;
    }

    public PixelFormat format() {
        return format;
    }

    /** Copies a rectangle of a picture as values of the format, rows without gaps. */
    public void convert(int[] rgb, int at, int stride, int width, int height, int[] to) {
        for (int y = 0; y < height; y++) {
            int from = at + y * stride;
            if (natural) {
                System.arraycopy(rgb, from, to, y * width, width);
            } else {
                convertRow(rgb, from, to, y * width, width);
            }
        }
    }

    private void convertRow(int[] rgb, int from, int[] to, int at, int width) {
        for (int x = 0; x < width; x++) {
            to[at + x] = value(rgb[from + x]);
        }
    }

    int value(int rgb) {
        return red[rgb >>> 16 & 0xff] | green[rgb >>> 8 & 0xff] | blue[rgb & 0xff];
    }

    /** Appends one pixel, given as 0x00RRGGBB. */
    public void write(int rgb, ByteBuf out) {
        byte[] pixel = new byte[4];
        out.writeBytes(pixel, 0, put(pixel, 0, value(rgb)));
    }

    /** Bytes of a PIXEL. */
    int bytes() {
        return bytes;
    }

    int put(byte[] out, int at, int value) {
        return switch (bytes) {
            case 1 -> {
                out[at] = (byte) value;
                yield at + 1;
            }
            case 2 -> put16(out, at, value);
            default -> put32(out, at, value);
        };
    }

    private int put16(byte[] out, int at, int value) {
        out[at] = (byte) (bigEndian ? value >>> 8 : value);
        out[at + 1] = (byte) (bigEndian ? value : value >>> 8);
        return at + 2;
    }

    private int put32(byte[] out, int at, int value) {
        int v = bigEndian ? Integer.reverseBytes(value) : value;
        out[at] = (byte) v;
        out[at + 1] = (byte) (v >>> 8);
        out[at + 2] = (byte) (v >>> 16);
        out[at + 3] = (byte) (v >>> 24);
        return at + 4;
    }

    int putAll(byte[] out, int at, int[] values, int count) {
        int next = at;
        for (int i = 0; i < count; i++) {
            next = put(out, next, values[i]);
        }
        return next;
    }

    /** Bytes of a CPIXEL, RFC 6143 §7.7.5 "TRLE". */
    int compactBytes() {
        return compact ? 3 : bytes;
    }

    int putCompact(byte[] out, int at, int value) {
        if (!compact) {
            return put(out, at, value);
        }
        int v = value >>> compactShift;
        out[at] = (byte) (bigEndian ? v >>> 16 : v);
        out[at + 1] = (byte) (v >>> 8);
        out[at + 2] = (byte) (bigEndian ? v : v >>> 16);
        return at + 3;
    }

    /** Bytes of a TPIXEL: red, green and blue wherever all have eight bits. */
    int tightBytes() {
        return tight ? 3 : bytes;
    }

    int putTight(byte[] out, int at, int value) {
        if (!tight) {
            return put(out, at, value);
        }
        out[at] = (byte) (value >>> format.redShift());
        out[at + 1] = (byte) (value >>> format.greenShift());
        out[at + 2] = (byte) (value >>> format.blueShift());
        return at + 3;
    }
}
