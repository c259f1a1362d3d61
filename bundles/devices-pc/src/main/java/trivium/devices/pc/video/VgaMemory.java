package trivium.devices.pc.video;

import static trivium.devices.pc.video.VgaRegisters.BIT_MASK;
import static trivium.devices.pc.video.VgaRegisters.CHAIN4;
import static trivium.devices.pc.video.VgaRegisters.COLOR_COMPARE;
import static trivium.devices.pc.video.VgaRegisters.COLOR_DONT_CARE;
import static trivium.devices.pc.video.VgaRegisters.DATA_ROTATE;
import static trivium.devices.pc.video.VgaRegisters.ENABLE_SET_RESET;
import static trivium.devices.pc.video.VgaRegisters.MAP_MASK;
import static trivium.devices.pc.video.VgaRegisters.MEMORY_MODE;
import static trivium.devices.pc.video.VgaRegisters.MISCELLANEOUS;
import static trivium.devices.pc.video.VgaRegisters.MODE;
import static trivium.devices.pc.video.VgaRegisters.ODD_EVEN;
import static trivium.devices.pc.video.VgaRegisters.READ_MAP;
import static trivium.devices.pc.video.VgaRegisters.SET_RESET;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * The way from the CPU to video memory through the window A0000-BFFFF: chained, odd/even or planar
 * addressing, then latches and the write modes (IBM VGA Technical Reference, "Graphics
 * Controller"). Byte i of plane p lies at 4 i + p, so that the four planes of an address are one
 * int.
 *
 * <p>Unlike the IBM chip, chained and odd/even addresses are compacted: bytes that a plane's
 * display counter steps over in word and doubleword mode do not exist.
 */
final class VgaMemory {
    private static final ValueLayout.OfInt INT =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int NOT_HERE = -1;

    /** A nibble with one bit per plane as an int with one byte per plane. */
    private static final int[] PLANES = new int[16];

    static {
        for (int nibble = 0; nibble < 16; nibble++) {
            for (int plane = 0; plane < 4; plane++) {
                PLANES[nibble] |= (nibble >>> plane & 1) * 0xff << 8 * plane;
            }
        }
    }

    private final MemorySegment vram;
    private final int vramBytes;
    private final VgaRegisters r;
    private final BochsVbe vbe;
    private int latch;

    /** Bytes go to memory as they come: write mode 0 with nothing between. */
    private boolean plain;

    private boolean chained;
    private boolean oddEven;

    /** Chained, plain, no plane masked, or a packed VBE mode: the window is memory. */
    private boolean linear;

    private int windowBase;
    private int windowBytes;
    private int bank;

    VgaMemory(MemorySegment vram, VgaRegisters registers, BochsVbe vbe) {
        this.vram = vram;
        this.vramBytes = (int) vram.byteSize();
        this.r = registers;
        this.vbe = vbe;
        update();
    }

    /** Registers changed: decides again how accesses go. */
    void update() {
        int[] g = r.graphics;
        plain =
                g[ENABLE_SET_RESET] == 0
                        && g[DATA_ROTATE] == 0
                        && (g[MODE] & 3) == 0
                        && g[BIT_MASK] == 0xff;
        chained = (r.sequencer[MEMORY_MODE] & CHAIN4) != 0;
        oddEven = (g[MODE] & ODD_EVEN) != 0;
        linear =
                vbe.enabled() && vbe.bitsPerPixel() != 4
                        || chained
                                && plain
                                && (r.sequencer[MAP_MASK] & 0xf) == 0xf
                                && (g[MODE] & 8) == 0;
        int map = g[MISCELLANEOUS] >>> 2 & 3;
        windowBase = new int[] {0, 0, 0x10000, 0x18000}[map];
        windowBytes = new int[] {0x20000, 0x10000, 0x8000, 0x8000}[map];
        bank = map == 1 || map == 0 ? vbe.bankBytes() : 0;
    }

    /** Whether A0000 to AFFFF is nothing but the start of video memory: mode 13h. */
    boolean isPlain64K() {
        return linear && !vbe.enabled() && windowBytes == 0x10000;
    }

    int latch() {
        return latch;
    }

    void setLatch(int planes) {
        latch = planes;
    }

    /**
     * @param offset from A0000
     */
    long read(int offset, int size) {
        int at = at(offset, size);
        if (at != NOT_HERE && linear) {
            return switch (size) {
                case 1 -> vram.get(ValueLayout.JAVA_BYTE, at) & 0xff;
                case 2 -> vram.get(SHORT, at) & 0xffff;
                case 4 -> vram.get(INT, at) & 0xffff_ffffL;
                default -> vram.get(LONG, at);
            };
        }
        long value = 0;
        for (int i = 0; i < size; i++) {
            value |= (long) readByte(at(offset + i, 1)) << 8 * i;
        }
        return value;
    }

    void write(int offset, int size, long value) {
        int at = at(offset, size);
        if (at != NOT_HERE && linear) {
            switch (size) {
                case 1 -> vram.set(ValueLayout.JAVA_BYTE, at, (byte) value);
                case 2 -> vram.set(SHORT, at, (short) value);
                case 4 -> vram.set(INT, at, (int) value);
                default -> vram.set(LONG, at, value);
            }
            return;
        }
        for (int i = 0; i < size; i++) {
            writeByte(at(offset + i, 1), (int) (value >>> 8 * i) & 0xff);
        }
    }

    /** The window's address in its bank, or {@link #NOT_HERE}. */
    private int at(int offset, int size) {
        int inside = offset - windowBase;
        if (inside < 0 || inside + size > windowBytes) {
            return NOT_HERE;
        }
        int at = inside + bank;
        return at + size <= vramBytes ? at : NOT_HERE;
    }

    private int readByte(int at) {
        if (at == NOT_HERE) {
            return 0xff;
        }
        int group = group(at);
        if (group == NOT_HERE) {
            return 0xff;
        }
        latch = vram.get(INT, group);
        if (chained) {
            return latch >>> 8 * (at & 3) & 0xff;
        }
        if ((r.graphics[MODE] & 8) != 0) {
            return compare();
        }
        int plane = r.graphics[READ_MAP];
        return latch >>> 8 * (oddEven ? plane & 2 | at & 1 : plane) & 0xff;
    }

    /** Read mode 1: which pixels have the colour asked for, in the planes that count. */
    private int compare() {
        int differ = latch ^ PLANES[r.graphics[COLOR_COMPARE]];
        differ &= PLANES[r.graphics[COLOR_DONT_CARE]];
        differ |= differ >>> 16;
        differ |= differ >>> 8;
        return ~differ & 0xff;
    }

    private void writeByte(int at, int value) {
        if (at == NOT_HERE) {
            return;
        }
        int group = group(at);
        if (group == NOT_HERE) {
            return;
        }
        int planes = r.sequencer[MAP_MASK];
        if (chained) {
            planes &= 1 << (at & 3);
        } else if (oddEven) {
            planes &= (at & 1) == 0 ? 0b0101 : 0b1010;
        }
        int mask = PLANES[planes & 0xf];
        int bits = plain ? value * 0x01010101 : shape(value);
        vram.set(INT, group, vram.get(INT, group) & ~mask | bits & mask);
    }

    /** Where the int with the four planes of an address lies. */
    private int group(int at) {
        long group = chained ? at & ~3 : oddEven ? (at & ~1L) << 1 : (long) at << 2;
        return group + 4 <= vramBytes ? (int) group : NOT_HERE;
    }

    /** The write modes: what would be written to each plane if all were enabled. */
    private int shape(int value) {
        int[] g = r.graphics;
        int bitMask = g[BIT_MASK];
        int rotate = g[DATA_ROTATE] & 7;
        int rotated = (value >>> rotate | value << 8 - rotate) & 0xff;
        int bits;
        switch (g[MODE] & 3) {
            case 0 -> {
                int enabled = PLANES[g[ENABLE_SET_RESET]];
                bits = rotated * 0x01010101 & ~enabled | PLANES[g[SET_RESET]] & enabled;
            }
            case 1 -> {
                return latch;
            }
            case 2 -> bits = PLANES[value & 0xf];
            default -> {
                bitMask &= rotated;
                bits = PLANES[g[SET_RESET]];
            }
        }
        bits =
                switch (g[DATA_ROTATE] >>> 3) {
                    case 1 -> bits & latch;
                    case 2 -> bits | latch;
                    case 3 -> bits ^ latch;
                    default -> bits;
                };
        int through = bitMask * 0x01010101;
        return bits & through | latch & ~through;
    }
}
