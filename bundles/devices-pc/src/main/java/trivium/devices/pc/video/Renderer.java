package trivium.devices.pc.video;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import trivium.display.Frame;

/**
 * Turns video memory into a reader's frame, one scan line after the other as a CRT controller
 * would, and notes which rows differ from what the frame held. One use per refresh; reads memory
 * that the guest may be changing, as a monitor does.
 */
final class Renderer {
    private static final ValueLayout.OfInt INT =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** Dots rendered beyond the width, for panning. */
    private static final int MARGIN = 128;

    private static final boolean LITTLE_ENDIAN = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;

    private final DisplayMode mode;
    private final MemorySegment vram;
    private final int groups;
    private final Frame frame;
    private final int[] line;

    Renderer(DisplayMode mode, MemorySegment vram, Frame frame) {
        this.mode = mode;
        this.vram = vram;
        this.groups = (int) (vram.byteSize() / 4);
        this.frame = frame;
        this.line = new int[mode.width + MARGIN];
    }

    /**
     * @return whether anything changed
     */
    boolean render() {
        boolean resized = frame.width != mode.width || frame.height != mode.height;
        frame.resize(mode.width, mode.height);
        frame.dirtyTop = mode.height;
        frame.dirtyBottom = 0;
        switch (mode.kind) {
            case BLANK -> blank();
            case LINEAR -> linear();
            default -> scan();
        }
        if (resized) {
            frame.dirtyTop = 0;
            frame.dirtyBottom = mode.height;
        } else if (frame.dirtyTop >= frame.dirtyBottom) {
            frame.dirtyTop = frame.dirtyBottom = 0;
        }
        return frame.dirtyBottom > frame.dirtyTop;
    }

    private void blank() {
        for (int y = 0; y < mode.height; y++) {
            put(y, 0);
        }
    }

    /** Hands on a line, skipping its first {@code skip} dots. */
    private void put(int y, int skip) {
        int at = y * mode.width;
        int[] pixels = frame.pixels;
        int end = at + mode.width;
        if (!Arrays.equals(pixels, at, end, line, skip, skip + mode.width)) {
            System.arraycopy(line, skip, pixels, at, mode.width);
            frame.dirtyTop = Math.min(frame.dirtyTop, y);
            frame.dirtyBottom = y + 1;
        }
    }

    // --- VGA modes: the CRT controller's counters

    private void scan() {
        int address = mode.start;
        int row = Math.min(mode.presetRow, mode.maxScan);
        int panning = mode.panning;
        boolean again = false;
        for (int y = 0; y < mode.height; y++) {
            if (!again) {
                draw(address, row);
            }
            put(y, panning * mode.dotRepeat);
            if (y == mode.lineCompare) {
                address = 0;
                row = 0;
                again = false;
                panning = mode.panningResets ? 0 : panning;
                continue;
            }
            again = mode.doubleScan && !again;
            if (!again && row++ >= mode.maxScan) {
                row = 0;
                address += mode.rowOffset;
            }
        }
    }

    private void draw(int address, int row) {
        if (mode.kind == DisplayMode.Kind.TEXT) {
            drawText(address, row);
            return;
        }
        int from = address;
        from = mode.bank13Bit == 0 ? from : banked(from, mode.bank13Bit, row & 1);
        from = mode.bank14Bit == 0 ? from : banked(from, mode.bank14Bit, row >>> 1 & 1);
        switch (mode.kind) {
            case CGA4 -> drawCga(from);
            case CHUNKY256 -> drawChunky(from);
            default -> drawPlanar(from);
        }
    }

    /** CGA and Hercules memory: a row scan counter bit in place of an address bit. */
    private static int banked(int address, int bit, int value) {
        return value == 0 ? address & ~bit : address | bit;
    }

    /** The four planes at an address. */
    private int planes(int address) {
        int group = address & mode.addressMask;
        return group >= 0 && group < groups ? vram.get(INT, group * 4L) : 0;
    }

    private void drawText(int address, int row) {
        int cells = mode.columns() + 4; // panning shows a part of more
        int step = mode.characterWidth * mode.dotRepeat;
        for (int i = 0, x = 0; i < cells && x + step <= line.length; i++, x += step) {
            drawCell(address + i & mode.addressMask, row, x);
        }
    }

    private void drawCell(int address, int row, int x) {
        int cell = planes(address);
        int character = cell & 0xff;
        int attribute = cell >>> 8 & 0xff;
        int background = attribute >>> 4;
        int font = (attribute & 8) != 0 ? mode.fontA : mode.fontB;
        int dots = planes(font + character * 32 + row) >>> 16 & 0xff;
        if (mode.blinkEnabled) {
            background &= 7;
            dots = (attribute & 0x80) != 0 && !mode.blinkShown ? 0 : dots;
        }
        if (row == mode.underline && (attribute & 7) == 1) {
            dots = 0xff;
        }
        boolean cursor =
                address == mode.cursor && row >= mode.cursorTop && row <= mode.cursorBottom;
        dots = (cursor ? 0xff : dots) << 1;
        // The ninth dot repeats the eighth for line drawing characters, and under the cursor.
        boolean joins = mode.lineGraphics && (character & 0xe0) == 0xc0;
        dots |= cursor || joins ? dots >>> 1 & 1 : 0;
        fill(dots, mode.colors[attribute & 0xf], mode.colors[background], x);
    }

    private void fill(int nineDots, int ink, int paper, int x) {
        for (int i = 0; i < mode.characterWidth; i++) {
            int color = (nineDots & 0x100 >>> i) != 0 ? ink : paper;
            for (int k = 0; k < mode.dotRepeat; k++) {
                line[x++] = color;
            }
        }
    }

    private int lastGroupStart() {
        return line.length - 8 * mode.dotRepeat;
    }

    private void drawPlanar(int from) {
        int last = lastGroupStart();
        for (int x = 0, address = from; x <= last; address++) {
            int group = planes(address);
            for (int bit = 7; bit >= 0; bit--) {
                int bits = group >>> bit;
                x = dot(x, bits & 1 | bits >>> 7 & 2 | bits >>> 14 & 4 | bits >>> 21 & 8);
            }
        }
    }

    /** Shift register interleave: two bits a pixel, even bytes in planes 0 and 2. */
    private void drawCga(int from) {
        int last = lastGroupStart();
        for (int x = 0, address = from; x <= last; address++) {
            int group = planes(address);
            for (int half = 0; half < 2; half++) {
                for (int bit = 6; bit >= 0; bit -= 2) {
                    int bits = group >>> 8 * half + bit;
                    x = dot(x, bits & 3 | bits >>> 14 & 0xc);
                }
            }
        }
    }

    private int dot(int x, int color) {
        int rgb = mode.colors[color];
        for (int k = 0; k < mode.dotRepeat; k++) {
            line[x + k] = rgb;
        }
        return x + mode.dotRepeat;
    }

    private void drawChunky(int from) {
        int last = line.length - 4 * mode.dotRepeat;
        for (int x = 0, address = from; x <= last; address++) {
            int group = planes(address);
            for (int i = 0; i < 4; i++) {
                int rgb = mode.palette[group >>> 8 * i & 0xff];
                for (int k = 0; k < mode.dotRepeat; k++) {
                    line[x++] = rgb;
                }
            }
        }
    }

    // --- VBE modes

    private void linear() {
        long from = mode.startBytes;
        int rowBytes = mode.width * ((mode.bitsPerPixel + 7) / 8);
        for (int y = 0; y < mode.height; y++, from += mode.bytesPerLine) {
            if (from + rowBytes > vram.byteSize()) {
                Arrays.fill(line, 0);
                put(y, 0);
            } else if (mode.bitsPerPixel != 32 || !sameRow(y, from)) {
                convert(from);
                put(y, 0);
            }
        }
    }

    /** The common case at memory speed: the row is still what the frame holds. */
    private boolean sameRow(int y, long from) {
        if (!LITTLE_ENDIAN) {
            return false;
        }
        long at = (long) y * mode.width * 4;
        var held = MemorySegment.ofArray(frame.pixels);
        long bytes = mode.width * 4L;
        return MemorySegment.mismatch(vram, from, from + bytes, held, at, at + bytes) < 0;
    }

    private void convert(long from) {
        int width = mode.width;
        switch (mode.bitsPerPixel) {
            case 32 -> {
                MemorySegment.copy(vram, INT, from, line, 0, width);
                for (int x = 0; x < width; x++) {
                    line[x] &= 0xff_ffff;
                }
            }
            case 24 -> {
                for (int x = 0; x < width; x++) {
                    long at = from + 3L * x;
                    int low = vram.get(SHORT, at) & 0xffff;
                    line[x] = low | (vram.get(ValueLayout.JAVA_BYTE, at + 2) & 0xff) << 16;
                }
            }
            case 16 -> {
                for (int x = 0; x < width; x++) {
                    line[x] = from565(vram.get(SHORT, from + 2L * x));
                }
            }
            case 15 -> {
                for (int x = 0; x < width; x++) {
                    line[x] = from555(vram.get(SHORT, from + 2L * x));
                }
            }
            default -> {
                for (int x = 0; x < width; x++) {
                    int index = vram.get(ValueLayout.JAVA_BYTE, from + x) & 0xff;
                    line[x] = mode.palette[index];
                }
            }
        }
    }

    private static int from565(int p) {
        int r = p >>> 11 & 0x1f;
        int g = p >>> 5 & 0x3f;
        int b = p & 0x1f;
        return (r << 3 | r >>> 2) << 16 | (g << 2 | g >>> 4) << 8 | b << 3 | b >>> 2;
    }

    private static int from555(int p) {
        int r = p >>> 10 & 0x1f;
        int g = p >>> 5 & 0x1f;
        int b = p & 0x1f;
        return (r << 3 | r >>> 2) << 16 | (g << 3 | g >>> 2) << 8 | b << 3 | b >>> 2;
    }

    // --- text

    /** The characters of a text mode, row by row, without trailing blanks. */
    static List<String> text(DisplayMode mode, MemorySegment vram) {
        if (mode.kind != DisplayMode.Kind.TEXT) {
            return List.of();
        }
        var rows = new ArrayList<String>();
        int scans = (mode.maxScan + 1) * (mode.doubleScan ? 2 : 1);
        int split = mode.lineCompare / scans;
        for (int row = 0; row < mode.textRows(); row++) {
            int address =
                    row <= split
                            ? mode.start + row * mode.rowOffset
                            : (row - split - 1) * mode.rowOffset;
            rows.add(textRow(mode, vram, address));
        }
        return rows;
    }

    private static String textRow(DisplayMode mode, MemorySegment vram, int address) {
        var text = new StringBuilder();
        for (int i = 0; i < mode.columns(); i++) {
            long at = (address + i & 0xffff) * 4L;
            text.append(Cp437.toUnicode(vram.get(ValueLayout.JAVA_BYTE, at)));
        }
        return text.toString().stripTrailing();
    }
}
