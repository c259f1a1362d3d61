package trivium.machine.memory;

import java.lang.invoke.VarHandle;
import java.util.Arrays;

/**
 * Guest-physical page to host address of that page, 0 where there is none. Two levels of 16 MiB;
 * pages from 2 TiB on are never in it. Any thread reads without a lock and may see a page's former
 * address for a moment; writers hold the lock of {@link GuestMemory}.
 */
final class PageTable {
    private static final int ADDRESS_BITS = 41, LEAF_BITS = 24, PAGE_BITS = 12;
    private static final int LEAF_PAGES = 1 << LEAF_BITS - PAGE_BITS;
    private static final long[] NOTHING = new long[LEAF_PAGES];

    private final long[][] leaves = new long[1 << ADDRESS_BITS - LEAF_BITS][];

    PageTable() {
        Arrays.fill(leaves, NOTHING);
    }

    long get(long gpa) {
        return gpa >>> ADDRESS_BITS != 0
                ? 0
                : leaves[(int) (gpa >>> LEAF_BITS)][(int) (gpa >>> PAGE_BITS) & LEAF_PAGES - 1];
    }

    void set(long gpa, long hva) {
        if (gpa >>> ADDRESS_BITS != 0 || get(gpa) == hva) {
            return;
        }
        int top = (int) (gpa >>> LEAF_BITS);
        if (leaves[top] == NOTHING) {
            long[] leaf = new long[LEAF_PAGES];
            VarHandle.releaseFence(); // its zeros are visible before it is
            leaves[top] = leaf;
        }
        leaves[top][(int) (gpa >>> PAGE_BITS) & LEAF_PAGES - 1] = hva;
    }

    /** Told of a mapped page. */
    @FunctionalInterface
    interface Visitor {
        void page(long gpa, long hva);
    }

    /** Visits all mapped pages in order. */
    void forEach(Visitor visitor) {
        for (int top = 0; top < leaves.length; top++) {
            long[] leaf = leaves[top];
            if (leaf == NOTHING) {
                continue;
            }
            for (int i = 0; i < LEAF_PAGES; i++) {
                if (leaf[i] != 0) {
                    visitor.page((long) top << LEAF_BITS | (long) i << PAGE_BITS, leaf[i]);
                }
            }
        }
    }

    /** Frees what maps nothing any more between two addresses. */
    void prune(long firstGpa, long lastGpa) {
        long last = Math.min(lastGpa, (1L << ADDRESS_BITS) - 1);
        for (long top = firstGpa >>> LEAF_BITS; top <= last >>> LEAF_BITS; top++) {
            if (Arrays.equals(leaves[(int) top], NOTHING)) {
                leaves[(int) top] = NOTHING;
            }
        }
    }

    void clear() {
        Arrays.fill(leaves, NOTHING);
    }
}
