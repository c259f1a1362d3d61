package trivium.rfb.testing;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;

/** A client's pixel format, written independently of the server's: from the RFC's definition. */
public record ClientFormat(
        int bpp,
        int depth,
        boolean bigEndian,
        boolean trueColour,
        int redMax,
        int greenMax,
        int blueMax,
        int redShift,
        int greenShift,
        int blueShift) {
    // spotless:off
    public static final ClientFormat RGB888    = new ClientFormat(32, 24, false, true, 255, 255, 255, 16, 8, 0);
    public static final ClientFormat BGR888_BE = new ClientFormat(32, 24, true, true, 255, 255, 255, 0, 8, 16);
    public static final ClientFormat HIGH_LE   = new ClientFormat(32, 24, false, true, 255, 255, 255, 24, 16, 8);
    public static final ClientFormat SPREAD    = new ClientFormat(32, 32, false, true, 255, 255, 255, 24, 12, 0);
    public static final ClientFormat RGB565    = new ClientFormat(16, 16, false, true, 31, 63, 31, 11, 5, 0);
    public static final ClientFormat RGB565_BE = new ClientFormat(16, 16, true, true, 31, 63, 31, 11, 5, 0);
    public static final ClientFormat RGB555    = new ClientFormat(16, 15, false, true, 31, 31, 31, 10, 5, 0);
    public static final ClientFormat BGR233    = new ClientFormat(8, 8, false, true, 7, 7, 3, 0, 3, 6);
    public static final ClientFormat RGB222    = new ClientFormat(8, 6, false, true, 3, 3, 3, 4, 2, 0);
    public static final ClientFormat MAPPED    = new ClientFormat(8, 8, false, false, 0, 0, 0, 0, 0, 0);
    // spotless:on

    int bytes() {
        return bpp / 8;
    }

    void write(DataOutputStream out) throws IOException {
        out.writeByte(bpp);
        out.writeByte(depth);
        out.writeBoolean(bigEndian);
        out.writeBoolean(trueColour);
        out.writeShort(redMax);
        out.writeShort(greenMax);
        out.writeShort(blueMax);
        out.writeByte(redShift);
        out.writeByte(greenShift);
        out.writeByte(blueShift);
        out.write(new byte[3]);
    }

    /** PIXEL. */
    int read(DataInputStream in) throws IOException {
        return read(in, bytes());
    }

    private int read(DataInputStream in, int bytes) throws IOException {
        int value = 0;
        for (int i = 0; i < bytes; i++) {
            int b = in.readUnsignedByte();
            value = bigEndian ? value << 8 | b : value | b << 8 * i;
        }
        return value;
    }

    private boolean allIn(int mask) {
        return trueColour
                && bpp == 32
                && depth <= 24
                && ((redMax << redShift | greenMax << greenShift | blueMax << blueShift) & ~mask)
                        == 0;
    }

    /** CPIXEL. */
    int readCompact(DataInputStream in) throws IOException {
        if (allIn(0x00ff_ffff)) {
            return read(in, 3);
        }
        return allIn(0xffff_ff00) ? read(in, 3) << 8 : read(in);
    }

    /** TPIXEL. */
    int readTight(DataInputStream in) throws IOException {
        if (!trueColour || bpp != 32 || depth != 24 || (redMax & greenMax & blueMax) != 255) {
            return read(in);
        }
        return in.readUnsignedByte() << redShift
                | in.readUnsignedByte() << greenShift
                | in.readUnsignedByte() << blueShift;
    }

    /** What the server should show for a colour: the nearest level of each channel. */
    public int of(int rgb) {
        int r = rgb >> 16 & 255;
        int g = rgb >> 8 & 255;
        int b = rgb & 255;
        if (!trueColour) {
            return nearest(r, 7) << 5 | nearest(g, 7) << 2 | nearest(b, 3);
        }
        return nearest(r, redMax) << redShift
                | nearest(g, greenMax) << greenShift
                | nearest(b, blueMax) << blueShift;
    }

    private static int nearest(int level, int max) {
        return (int) Math.round(level * (double) max / 255);
    }
}
