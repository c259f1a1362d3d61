package trivium.devices.pc.video;

import static trivium.devices.pc.video.VgaRegisters.ATTRIBUTE_MODE;
import static trivium.devices.pc.video.VgaRegisters.CHARACTER_MAP;
import static trivium.devices.pc.video.VgaRegisters.CLOCKING_MODE;
import static trivium.devices.pc.video.VgaRegisters.COLOR_SELECT;
import static trivium.devices.pc.video.VgaRegisters.EIGHT_DOTS;
import static trivium.devices.pc.video.VgaRegisters.GRAPHICS;
import static trivium.devices.pc.video.VgaRegisters.HALF_CLOCK;
import static trivium.devices.pc.video.VgaRegisters.MISCELLANEOUS;
import static trivium.devices.pc.video.VgaRegisters.MODE;
import static trivium.devices.pc.video.VgaRegisters.PANNING;
import static trivium.devices.pc.video.VgaRegisters.PLANE_ENABLE;
import static trivium.devices.pc.video.VgaRegisters.SHIFT_256;
import static trivium.devices.pc.video.VgaRegisters.SHIFT_CGA;

/**
 * What the registers mean for the picture at one moment: taken with the device's monitor held,
 * rendered without.
 */
final class DisplayMode {
    /** How dots come out of memory. */
    enum Kind {
        BLANK,
        TEXT,
        PLANAR,
        CGA4,
        CHUNKY256,
        LINEAR
    }

    final Kind kind;
    final int width;
    final int height;

    /** 0x00RRGGBB of each DAC entry. */
    final int[] palette = new int[256];

    /** Of each 4-bit colour, after palette registers, colour select and plane enable. */
    final int[] colors = new int[16];

    // For LINEAR, and as the pitch of VBE's planar modes.
    final int bitsPerPixel;
    final int bytesPerLine;
    final long startBytes;

    // For VGA modes. Addresses count groups of four planes.
    final int start;
    final int rowOffset;
    final int addressMask;
    final int maxScan;
    final boolean doubleScan;
    final int lineCompare;
    final int presetRow;
    final int panning;
    final boolean panningResets;
    final int dotRepeat;
    final int characterWidth;
    final int bank13Bit;
    final int bank14Bit;

    // For TEXT.
    final int fontA;
    final int fontB;
    final boolean blinkEnabled;
    final boolean blinkShown;
    final boolean lineGraphics;
    final int underline;
    final int cursor;
    final int cursorTop;
    final int cursorBottom;

    /**
     * @param cursorShown the phase of the cursor's blinking
     * @param blinkShown the phase of blinking characters
     */
    DisplayMode(VgaRegisters r, BochsVbe vbe, boolean cursorShown, boolean blinkShown) {
        int[] c = r.crtc;
        boolean extended = vbe.enabled();
        int clocking = r.sequencer[CLOCKING_MODE];
        boolean graphics = extended || (r.graphics[MISCELLANEOUS] & GRAPHICS) != 0;
        kind = kindOf(r, vbe, graphics);
        boolean text = !graphics;
        dotRepeat =
                extended
                        ? 1
                        : ((clocking & HALF_CLOCK) != 0 ? 2 : 1) * (kind == Kind.CHUNKY256 ? 2 : 1);
        characterWidth = text && (clocking & EIGHT_DOTS) == 0 ? 9 : 8;
        int columns = c[1] + 1;
        int dots = (clocking & HALF_CLOCK) != 0 ? 2 : 1;
        width =
                extended
                        ? vbe.width()
                        : Math.min(columns * characterWidth * dots, BochsVbe.MAX_SIDE);
        height = extended ? vbe.height() : Math.min(Retrace.displayLines(c), 2048);
        bitsPerPixel = vbe.bitsPerPixel();
        bytesPerLine = vbe.bytesPerLine();
        startBytes = vbe.startBytes();

        boolean planarVbe = extended && kind == Kind.PLANAR;
        start = planarVbe ? (int) (startBytes / 4) : c[0x0c] << 8 | c[0x0d];
        rowOffset = planarVbe ? bytesPerLine / 4 : c[0x13] * 2;
        addressMask = planarVbe ? -1 : 0xffff;
        maxScan = extended ? 0 : c[9] & 0x1f;
        doubleScan = !extended && (c[9] & 0x80) != 0;
        lineCompare =
                extended ? Integer.MAX_VALUE : c[0x18] | (c[7] & 0x10) << 4 | (c[9] & 0x40) << 3;
        presetRow = extended ? 0 : c[8] & 0x1f;
        panning = extended ? 0 : panning(r, text, c[8] >>> 5 & 3);
        panningResets = (r.attribute[ATTRIBUTE_MODE] & 0x20) != 0;
        boolean byteMode = (c[0x17] & 0x40) != 0;
        bank13Bit = text || extended || (c[0x17] & 1) != 0 ? 0 : byteMode ? 1 << 13 : 1 << 12;
        bank14Bit = text || extended || (c[0x17] & 2) != 0 ? 0 : byteMode ? 1 << 14 : 1 << 13;

        int map = r.sequencer[CHARACTER_MAP];
        fontB = ((map & 3) << 1 | map >>> 4 & 1) * 8192;
        fontA = ((map >>> 2 & 3) << 1 | map >>> 5 & 1) * 8192;
        blinkEnabled = (r.attribute[ATTRIBUTE_MODE] & 8) != 0;
        this.blinkShown = blinkShown;
        lineGraphics = (r.attribute[ATTRIBUTE_MODE] & 4) != 0;
        underline = c[0x14] & 0x1f;
        boolean cursorOff = !cursorShown || (c[0x0a] & 0x20) != 0;
        cursor = cursorOff ? -1 : (c[0x0e] << 8 | c[0x0f]);
        cursorTop = c[0x0a] & 0x1f;
        cursorBottom = c[0x0b] & 0x1f;
        fillColors(r, vbe.dac8bit());
    }

    private static Kind kindOf(VgaRegisters r, BochsVbe vbe, boolean graphics) {
        if (!r.screenOn()) {
            return Kind.BLANK;
        }
        if (vbe.enabled()) {
            return vbe.bitsPerPixel() == 4 ? Kind.PLANAR : Kind.LINEAR;
        }
        int shift = r.graphics[MODE];
        return !graphics
                ? Kind.TEXT
                : (shift & SHIFT_256) != 0
                        ? Kind.CHUNKY256
                        : (shift & SHIFT_CGA) != 0 ? Kind.CGA4 : Kind.PLANAR;
    }

    /** In pixels: the panning register counts otherwise in 9-dot and 256-colour modes. */
    private int panning(VgaRegisters r, boolean text, int bytes) {
        int pan = r.attribute[PANNING] & 0xf;
        if (kind == Kind.CHUNKY256) {
            return bytes * 4 + (pan >>> 1 & 3);
        }
        if (text && characterWidth == 9) {
            return bytes * 9 + (pan >= 8 ? 0 : pan + 1);
        }
        return bytes * 8 + (pan & 7);
    }

    private void fillColors(VgaRegisters r, boolean dac8bit) {
        for (int i = 0; i < 256; i++) {
            int at = (i & r.pelMask) * 3;
            palette[i] =
                    level(r.dac[at], dac8bit) << 16
                            | level(r.dac[at + 1], dac8bit) << 8
                            | level(r.dac[at + 2], dac8bit);
        }
        int select = r.attribute[COLOR_SELECT];
        boolean selectBoth = (r.attribute[ATTRIBUTE_MODE] & 0x80) != 0;
        for (int i = 0; i < 16; i++) {
            int entry = r.attribute[i & r.attribute[PLANE_ENABLE]];
            int index = selectBoth ? select << 4 | entry & 0xf : (select & 0xc) << 4 | entry;
            colors[i] = palette[index & 0xff];
        }
    }

    private static int level(byte stored, boolean dac8bit) {
        int six = stored & 0x3f;
        return dac8bit ? stored & 0xff : six << 2 | six >>> 4;
    }

    int columns() {
        return width / (characterWidth * dotRepeat);
    }

    int textRows() {
        int perRow = (maxScan + 1) * (doubleScan ? 2 : 1);
        return (height + perRow - 1) / perRow;
    }
}
