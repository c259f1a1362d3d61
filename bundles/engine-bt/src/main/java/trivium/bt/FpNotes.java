package trivium.bt;

import trivium.cpu.VcpuState;
import trivium.hostos.HostMemory;

/**
 * What FIP, FOP and FDP are at any place of a block that has x87 instructions, and from where on
 * its code takes loaded state for granted.
 *
 * @param notes by instruction: the bits below and FOP, or 0
 */
record FpNotes(int[] notes, int firstX87, int firstSse) {
    static final int NONE = Integer.MAX_VALUE;

    /** FOP; FIP points here afterwards. */
    static final int FOP = 0x7ff, NOTED = 1 << 11;

    /** FDP, too; its value is in slot 0, or in slot 1. */
    static final int MEMORY = 1 << 12, SLOT = 1 << 13;

    /** The interpreter did it, and has set the pointers itself. */
    static final int INTERPRETED = 1 << 14;

    /** Where the number of the memory operand's segment is. */
    static final int SEGMENT = 16;

    /** The last of the first {@code count} instructions with a bit, or -1. */
    static int last(int[] notes, int count, int bit) {
        int i = count - 1;
        while (i >= 0 && (notes[i] & bit) == 0) {
            i--;
        }
        return i;
    }

    static int slot(int note) {
        return Area.FP_SLOTS + ((note & SLOT) != 0 ? 8 : 0);
    }

    static int segment(int note) {
        return note >>> SEGMENT & 7;
    }

    /** The parts of the state that code at an instruction relies on being loaded. */
    int loadedAt(int instruction) {
        return (instruction > firstX87 ? FpState.X87 : 0)
                | (instruction > firstSse ? FpState.SSE : 0);
    }

    /** The code was left before an instruction: memory gets what its end would have stored. */
    void fix(long area, long[] ips, int instruction) {
        int last = last(notes, instruction, NOTED);
        if (last >= 0 && (notes[last] & INTERPRETED) == 0) {
            HostMemory.putLong(area + Area.FP_FIP, ips[last]);
            HostMemory.putInt(area + Area.FP_FOP, notes[last] & FOP);
            HostMemory.putInt(area + Area.FP_FCS, selector(area, VcpuState.CS));
        }
        int data = last(notes, instruction, MEMORY);
        if (data >= 0 && (notes[data] & INTERPRETED) == 0) {
            long offset = HostMemory.getLong(area + slot(notes[data]));
            HostMemory.putLong(area + Area.FP_FDP, offset);
            HostMemory.putInt(area + Area.FP_FDS, selector(area, segment(notes[data])));
        }
    }

    private static int selector(long area, int segment) {
        return HostMemory.getInt(area + Area.SELECTOR + 4 * segment);
    }
}
