package trivium.x86.interp;

import trivium.hostos.HostMemory;

/**
 * Direct-mapped cache of host addresses for one privilege level, in front of the MMU strategy. It
 * lies off the heap, where translated code reads it too. An entry is two quadwords: the tag (linear
 * page, or -1 for none) and what to add to a linear address: to get the host address (read, write),
 * or the guest-physical one (exec).
 */
public final class Tlb {
    public static final int ENTRIES = 4096;
    public static final int ENTRY_BYTES = 16;

    /** What {@code linear >>> SLOT_SHIFT} must be masked with to be an entry's offset in bytes. */
    public static final int SLOT_SHIFT = 8, SLOT_MASK = ENTRIES - 1 << 4;

    private static final int ARRAY_BYTES = ENTRIES * ENTRY_BYTES;

    /** The three arrays of one TLB. */
    static final int BYTES = 3 * ARRAY_BYTES;

    /** Where the arrays begin in a TLB. */
    public static final int READ = 0, WRITE = ARRAY_BYTES, EXEC = 2 * ARRAY_BYTES;

    private static final int FEW = 1024;

    /** Host addresses of the arrays. */
    final long read, write, exec;

    // The entries filled since the last flush, from `read` on: a flush of a few costs only these.
    private final int[] filled = new int[FEW];
    private int fills;

    /**
     * @param hva of {@link #BYTES} bytes
     */
    Tlb(long hva) {
        read = hva + READ;
        write = hva + WRITE;
        exec = hva + EXEC;
        clear();
    }

    private void clear() {
        HostMemory.fill(read, BYTES, (byte) -1);
    }

    /**
     * @param array {@link #read}, {@link #write} or {@link #exec}
     */
    void put(long array, long linear, long target) {
        int slot = slot(linear);
        HostMemory.putLong(array + slot, linear & -4096);
        HostMemory.putLong(array + slot + 8, target - (linear & -4096));
        if (fills < FEW) {
            filled[fills] = (int) (array - read) + slot;
        }
        fills = Math.min(fills + 1, FEW + 1);
    }

    static int slot(long linear) {
        return (int) (linear >>> SLOT_SHIFT) & SLOT_MASK;
    }

    void flush() {
        if (fills > FEW) {
            clear();
        } else {
            for (int i = 0; i < fills; i++) {
                HostMemory.putLong(read + filled[i], -1);
            }
        }
        fills = 0;
    }

    private void drop(int slot) {
        HostMemory.putLong(read + slot, -1);
        HostMemory.putLong(write + slot, -1);
        HostMemory.putLong(exec + slot, -1);
    }

    void flushPage(long linear) {
        drop(slot(linear));
    }

    /** Drops the write entries that lead to the host page {@code hva}. */
    void flushWritesTo(long hvaPage) {
        if (fills > FEW) {
            for (long entry = write; entry < write + ARRAY_BYTES; entry += ENTRY_BYTES) {
                dropIfTo(entry, hvaPage);
            }
            return;
        }
        for (int i = 0; i < fills; i++) {
            if (filled[i] >= WRITE && filled[i] < EXEC) {
                dropIfTo(read + filled[i], hvaPage);
            }
        }
    }

    private static void dropIfTo(long entry, long hvaPage) {
        long tag = HostMemory.getLong(entry);
        if (tag != -1 && tag + HostMemory.getLong(entry + 8) == hvaPage) {
            HostMemory.putLong(entry, -1);
        }
    }
}
