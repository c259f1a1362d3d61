package trivium.rfb.protocol;

import io.netty.buffer.ByteBuf;

/** RFC 6143 §7.4 "Pixel Format Data Structure". */
public record PixelFormat(
        int bitsPerPixel,
        int depth,
        boolean bigEndian,
        boolean trueColour,
        int redMax,
        int greenMax,
        int blueMax,
        int redShift,
        int greenShift,
        int blueShift) {
    public static final int LENGTH = 16;

    /** Ours: the bytes blue, green, red, 0. */
    public static final PixelFormat NATURAL =
            new PixelFormat(32, 24, false, true, 255, 255, 255, 16, 8, 0);

    /** What clients with a colour map get: indices into a fixed palette of 3-3-2 bits. */
    private static final PixelFormat PALETTE =
            new PixelFormat(8, 8, false, false, 7, 7, 3, 5, 2, 0);

    /**
     * @throws ProtocolException if the format cannot be
     */
    public static PixelFormat read(ByteBuf in) {
        var format =
                new PixelFormat(
                        in.readUnsignedByte(),
                        in.readUnsignedByte(),
                        in.readBoolean(),
                        in.readBoolean(),
                        in.readUnsignedShort(),
                        in.readUnsignedShort(),
                        in.readUnsignedShort(),
                        in.readUnsignedByte(),
                        in.readUnsignedByte(),
                        in.readUnsignedByte());
        in.skipBytes(3);
        return format.checked();
    }

    private PixelFormat checked() {
        boolean size = bitsPerPixel == 8 || bitsPerPixel == 16 || bitsPerPixel == 32;
        if (size && !trueColour && bitsPerPixel == 8 && depth == 8) {
            return PALETTE;
        }
        int bits = bits(redMax) + bits(greenMax) + bits(blueMax);
        // Some clients call 32 bits of which 24 are used "depth 32".
        if (!size || !trueColour || depth > bitsPerPixel || bits > depth || !channelsFit()) {
            throw new ProtocolException("impossible pixel format " + this);
        }
        return this;
    }

    private boolean channelsFit() {
        return fits(redMax, redShift)
                && fits(greenMax, greenShift)
                && fits(blueMax, blueShift)
                && (mask(redMax, redShift) & mask(greenMax, greenShift)) == 0
                && (mask(redMax, redShift) & mask(blueMax, blueShift)) == 0
                && (mask(greenMax, greenShift) & mask(blueMax, blueShift)) == 0;
    }

    private boolean fits(int max, int shift) {
        return max >= 1 && max <= 255 && (max & max + 1) == 0 && shift + bits(max) <= bitsPerPixel;
    }

    private static int bits(int max) {
        return Integer.bitCount(max);
    }

    private static long mask(int max, int shift) {
        return (long) max << shift;
    }

    public void write(ByteBuf out) {
        out.writeByte(bitsPerPixel).writeByte(depth);
        out.writeBoolean(bigEndian).writeBoolean(trueColour);
        out.writeShort(redMax).writeShort(greenMax).writeShort(blueMax);
        out.writeByte(redShift).writeByte(greenShift).writeByte(blueShift);
        out.writeZero(3);
    }

    /** RFC 6143 §7.6.2 "SetColourMapEntries" for the fixed palette. */
    public void writePalette(ByteBuf out) {
        out.writeByte(1).writeZero(1).writeShort(0).writeShort(256);
        for (int i = 0; i < 256; i++) {
            out.writeShort((i >> 5) * 0xffff / 7);
            out.writeShort((i >> 2 & 7) * 0xffff / 7);
            out.writeShort((i & 3) * 0xffff / 3);
        }
    }
}
