package trivium.x86.interp;

import java.util.Arrays;
import java.util.BitSet;
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

    /** Where the arrays begin in a TLB. */
    public static final int READ = 0, WRITE = ARRAY_BYTES, EXEC = 2 * ARRAY_BYTES;

    /**
     * What translated code filled, with pages that are not global: how many entries (32 bits), and
     * their numbers (32 bits each). If there is no more room it leaves filling to us.
     */
    public static final int FILLED_COUNT = 3 * ARRAY_BYTES, FILLED = FILLED_COUNT + 64;

    public static final int MOST_FILLED = 4096 - 64 / 4;

    /** One TLB. */
    static final int BYTES = FILLED + 4 * MOST_FILLED;

    private static final int NONE = -1;

    private final long hva;

    /** Host addresses of the arrays. */
    final long read, write, exec;

    // The entries filled since the last flush that concerned them: a flush costs only these.
    private final Filled local = new Filled(), global = new Filled();

    /** By number: whether an entry's present page, if it has one, is global. */
    private final BitSet globals = new BitSet(3 * ENTRIES);

    /** Numbers of entries, from {@link #read} on, each once. */
    private static final class Filled {
        int[] list = new int[256];
        final BitSet listed = new BitSet(3 * ENTRIES);
        int count;

        void add(int entry) {
            if (!listed.get(entry)) {
                listed.set(entry);
                if (count == list.length) {
                    list = Arrays.copyOf(list, Math.min(2 * count, 3 * ENTRIES));
                }
                list[count++] = entry;
            }
        }

        void clear() {
            for (int i = 0; i < count; i++) {
                listed.clear(list[i]);
            }
            count = 0;
        }
    }

    /**
     * @param hva of {@link #BYTES} bytes
     */
    Tlb(long hva) {
        this.hva = hva;
        read = hva + READ;
        write = hva + WRITE;
        exec = hva + EXEC;
        HostMemory.fill(read, 3 * ARRAY_BYTES, (byte) NONE);
    }

    /**
     * @param array {@link #read}, {@link #write} or {@link #exec}
     * @param isGlobal whether this outlives {@link #flushLocal}
     */
    void put(long array, long linear, long target, boolean isGlobal) {
        if (filled() == MOST_FILLED) {
            flushFilled();
        }
        int slot = slot(linear);
        HostMemory.putLong(array + slot, linear & -4096);
        HostMemory.putLong(array + slot + 8, target - (linear & -4096));
        int entry = entry(array, slot);
        globals.set(entry, isGlobal);
        (isGlobal ? global : local).add(entry);
    }

    private int entry(long array, int slot) {
        return ((int) (array - read) + slot) / ENTRY_BYTES;
    }

    /** Whether the entry for this page, which there is, outlives {@link #flushLocal}. */
    boolean isGlobal(long array, long linear) {
        return globals.get(entry(array, slot(linear)));
    }

    static int slot(long linear) {
        return (int) (linear >>> SLOT_SHIFT) & SLOT_MASK;
    }

    void flush() {
        flushLocal();
        for (int i = 0; i < global.count; i++) {
            HostMemory.putLong(hva(global.list[i]), NONE);
        }
        global.clear();
    }

    private int filled() {
        return HostMemory.getInt(hva + FILLED_COUNT);
    }

    private int filled(int i) {
        return HostMemory.getInt(hva + FILLED + 4L * i);
    }

    /** Drops what translated code filled. */
    private void flushFilled() {
        for (int i = filled() - 1; i >= 0; i--) {
            HostMemory.putLong(hva(filled(i)), NONE);
        }
        HostMemory.putInt(hva + FILLED_COUNT, 0);
    }

    /** Drops all but global pages. */
    void flushLocal() {
        flushFilled();
        for (int i = 0; i < local.count; i++) {
            int entry = local.list[i];
            if (!globals.get(entry)) {
                HostMemory.putLong(hva(entry), NONE);
            }
        }
        local.clear();
    }

    private long hva(int entry) {
        return read + (long) entry * ENTRY_BYTES;
    }

    private void drop(int slot) {
        HostMemory.putLong(read + slot, NONE);
        HostMemory.putLong(write + slot, NONE);
        HostMemory.putLong(exec + slot, NONE);
    }

    void flushPage(long linear) {
        if ((local.count | global.count | filled()) != 0) {
            drop(slot(linear));
        }
    }

    /** Drops the write entries that lead to the host page {@code hva}. */
    void flushWritesTo(long hvaPage) {
        for (int i = 0; i < local.count; i++) {
            flushWriteTo(hvaPage, local.list[i]);
        }
        for (int i = 0; i < global.count; i++) {
            flushWriteTo(hvaPage, global.list[i]);
        }
        for (int i = filled() - 1; i >= 0; i--) {
            flushWriteTo(hvaPage, filled(i));
        }
    }

    private void flushWriteTo(long hvaPage, int number) {
        long entry = hva(number);
        if (entry >= write && entry < exec) {
            long tag = HostMemory.getLong(entry);
            if (tag != NONE && tag + HostMemory.getLong(entry + 8) == hvaPage) {
                HostMemory.putLong(entry, NONE);
            }
        }
    }
}
