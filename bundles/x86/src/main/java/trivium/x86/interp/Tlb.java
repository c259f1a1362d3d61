package trivium.x86.interp;

import java.util.Arrays;

/**
 * Direct-mapped cache of host addresses for one privilege level, in front of the MMU strategy.
 * Entry i of an array is a pair: at 2i the tag (linear page, or -1 for none), at 2i+1 what to add
 * to a linear address: to get the host address (read, write), or the guest-physical one (exec).
 */
final class Tlb {
    static final int ENTRIES = 4096;
    static final int INDEX_MASK = ENTRIES - 1;
    private static final int FEW = 256;

    final long[] read = new long[2 * ENTRIES];
    final long[] write = new long[2 * ENTRIES];
    final long[] exec = new long[2 * ENTRIES];

    // What was filled since the last flush: a flush of a few entries costs only these.
    private final int[] filled = new int[FEW];
    private int fills;

    Tlb() {
        clear();
    }

    private void clear() {
        Arrays.fill(read, -1);
        Arrays.fill(write, -1);
        Arrays.fill(exec, -1);
    }

    void put(long[] array, long linear, long target) {
        int slot = slot(linear);
        array[slot] = linear & -4096;
        array[slot + 1] = target - (linear & -4096);
        if (fills < FEW) {
            filled[fills] = slot;
        }
        fills++;
    }

    static int slot(long linear) {
        return (int) (linear >>> 11) & INDEX_MASK << 1;
    }

    void flush() {
        if (fills > FEW) {
            clear();
        } else {
            for (int i = 0; i < fills; i++) {
                drop(filled[i]);
            }
        }
        fills = 0;
    }

    private void drop(int slot) {
        read[slot] = -1;
        write[slot] = -1;
        exec[slot] = -1;
    }

    void flushPage(long linear) {
        drop(slot(linear));
    }

    /** Drops every write entry: a page became watched. */
    void flushWrites() {
        Arrays.fill(write, -1);
    }

    /** Drops the write entries that lead to the host page {@code hva}. */
    void flushWritesTo(long hvaPage) {
        for (int slot = 0; slot < write.length; slot += 2) {
            if (write[slot] != -1 && write[slot] + write[slot + 1] == hvaPage) {
                write[slot] = -1;
            }
        }
    }
}
