package trivium.mmu.nested.internal;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.List;
import trivium.hostos.HostMemory;

/**
 * Guest-physical to host addresses in the format of Intel's extended page tables (SDM Vol. 3C "The
 * Extended Page Table Mechanism"): four levels, 4-KiB and 2-MiB pages, accessed and dirty flags. Of
 * a user process host-physical addresses are host-virtual ones. It lies off the heap.
 *
 * <pre>
 * entry = [table + (gpa >> shift & 0x1ff) * 8]       shift 39, 30, 21, 12
 * leaf at shift 12, or with bit 7 at 21; present if any of R, W, X is set
 * </pre>
 *
 * Any thread reads without a lock; who changes it holds a lock of his own.
 */
final class Ept {
    static final long R = 1, W = 1 << 1, X = 1 << 2, LARGE = 1 << 7, A = 1 << 8, D = 1 << 9;
    static final long ADDRESS = 0x000f_ffff_ffff_f000L;
    static final long LARGE_BYTES = 1 << 21;
    static final int ADDRESS_BITS = 48;

    /** Memory type of leaves, and of the tables in the EPTP: write-back. */
    private static final long LEAF_WB = 6 << 3, EPTP_WB = 6;

    private static final long EPTP_FOUR_LEVELS = 3 << 3, EPTP_ACCESSED_DIRTY = 1 << 6;
    private static final int TABLE_BYTES = 4096,
            ENTRIES = 512,
            TOP = 39,
            LEAF = 12,
            LARGE_LEAF = 21;

    private final List<MemorySegment> tables = new ArrayList<>();
    private final long root = newTable();

    private long newTable() {
        MemorySegment table = Arena.ofAuto().allocate(TABLE_BYTES, TABLE_BYTES);
        tables.add(table);
        return table.address();
    }

    /** What a VMCS would be given (SDM Vol. 3C "Extended-Page-Table Pointer (EPTP)"). */
    long eptp() {
        return root | EPTP_WB | EPTP_FOUR_LEVELS | EPTP_ACCESSED_DIRTY;
    }

    /** How many tables there are. */
    int tables() {
        return tables.size();
    }

    private static long at(long table, long gpa, int shift) {
        return table + (gpa >>> shift & ENTRIES - 1) * 8;
    }

    /** The leaf for an address, or 0: an EPT violation, whatever the access. */
    long find(long gpa) {
        long at = leafAt(gpa);
        long leaf = at == 0 ? 0 : HostMemory.getLong(at);
        Reference.reachabilityFence(this);
        return leaf;
    }

    /** The host address of a 4-KiB page in what {@link #find} found there. */
    static long page(long leaf, long gpa) {
        return leaf & ADDRESS | ((leaf & LARGE) != 0 ? gpa & LARGE_BYTES - 1 & -4096 : 0);
    }

    /** The host address of a leaf's entry, present or not; 0 if its table is not there. */
    private long leafAt(long gpa) {
        if (gpa >>> ADDRESS_BITS != 0) {
            return 0;
        }
        long table = root;
        for (int shift = TOP; shift > LEAF; shift -= 9) {
            long at = at(table, gpa, shift);
            long entry = HostMemory.getLong(at);
            if ((entry & LARGE) != 0) {
                return at;
            }
            if (entry == 0) {
                return 0;
            }
            table = entry & ADDRESS;
        }
        return at(table, gpa, LEAF);
    }

    /** Maps a page of 4 KiB where no large one is. */
    void map(long gpa, long hva, long bits) {
        HostMemory.putLong(at(table(gpa, LEAF), gpa, LEAF), hva | LEAF_WB | bits);
    }

    /** Maps a page of 2 MiB in place of what is there. */
    void mapLarge(long gpa, long hva, long bits) {
        long at = at(table(gpa, LARGE_LEAF), gpa, LARGE_LEAF);
        HostMemory.putLong(at, hva | LEAF_WB | LARGE | bits);
    }

    /** The table whose entries are of a level; made if it is not there. */
    private long table(long gpa, int level) {
        long table = root;
        for (int shift = TOP; shift > level; shift -= 9) {
            long at = at(table, gpa, shift);
            long entry = HostMemory.getLong(at);
            if (entry == 0) {
                entry = newTable() | R | W | X;
                HostMemory.putLong(at, entry);
            }
            table = entry & ADDRESS;
        }
        return table;
    }

    /** Sets and clears bits of the leaf for an address, if there is one. */
    void change(long gpa, long set, long clear) {
        long at = leafAt(gpa);
        if (at != 0) {
            long leaf = HostMemory.getLong(at);
            if (leaf != 0) {
                HostMemory.putLong(at, leaf & ~clear | set);
            }
        }
    }

    /** Makes a large page many small ones, with its bits. */
    void split(long gpa) {
        long leaf = find(gpa);
        if ((leaf & LARGE) == 0) {
            return;
        }
        long table = newTable();
        for (int i = 0; i < ENTRIES; i++) {
            long small = leaf & ~(ADDRESS | LARGE) | (leaf & ADDRESS) + ((long) i << LEAF);
            HostMemory.putLong(table + 8L * i, small);
        }
        HostMemory.putLong(at(table(gpa, LARGE_LEAF), gpa, LARGE_LEAF), table | R | W | X);
    }

    /** Told of leaves. */
    @FunctionalInterface
    interface Visitor {
        void leaf(long gpa, long sizeBytes, long leaf);
    }

    /** Visits all leaves in order; the visitor may change the one it sees, but not split it. */
    void forEach(Visitor visitor) {
        forEach(root, TOP, 0, visitor);
    }

    private static void forEach(long table, int shift, long base, Visitor visitor) {
        for (int i = 0; i < ENTRIES; i++) {
            long entry = HostMemory.getLong(table + 8L * i);
            long gpa = base | (long) i << shift;
            if (entry == 0) {
                continue;
            }
            if (shift == LEAF || (entry & LARGE) != 0) {
                visitor.leaf(gpa, 1L << shift, entry);
            } else {
                forEach(entry & ADDRESS, shift - 9, gpa, visitor);
            }
        }
    }
}
