package trivium.machine.memory;

import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/**
 * Guest-physical page to host address of that page, 0 where there is none. Two levels of 16 MiB,
 * the upper one as long as needed; pages from 2 TiB on are never in it. Any thread reads without a
 * lock and may see a page's former address for a moment; writers hold the lock of {@link
 * GuestMemory}.
 */
final class PageTable {
    private static final int ADDRESS_BITS = 41, LEAF_BITS = 24, PAGE_BITS = 12;
    private static final int FIRST_LEAVES = 1 << 32 - LEAF_BITS;
    static final long LEAF_BYTES = 1L << LEAF_BITS;
    private static final int LEAF_PAGES = 1 << LEAF_BITS - PAGE_BITS;
    private static final long[] NOTHING = new long[LEAF_PAGES];

    private long[][] leaves = new long[FIRST_LEAVES][];

    PageTable() {
        Arrays.fill(leaves, NOTHING);
    }

    /** Leaves that other tables have too: never written. */
    private final BitSet common = new BitSet();

    /**
     * Maps whole leaves in several tables at once, which share them until one of them changes.
     *
     * @param gpa a multiple of LEAF_BYTES, as is the length
     */
    static void fill(List<PageTable> tables, long gpa, long length, long hva) {
        for (long done = 0; done < length; done += LEAF_BYTES) {
            long[] leaf = new long[LEAF_PAGES];
            for (int i = 0; i < LEAF_PAGES; i++) {
                leaf[i] = hva + done + ((long) i << PAGE_BITS);
            }
            VarHandle.releaseFence(); // its content is visible before it is
            for (PageTable table : tables) {
                table.adopt((int) (gpa + done >>> LEAF_BITS), leaf);
            }
        }
    }

    private void adopt(int top, long[] leaf) {
        if (top >= leaves.length) {
            grow(top);
        }
        leaves[top] = leaf;
        common.set(top);
    }

    long get(long gpa) {
        long[][] all = leaves;
        long top = gpa >>> LEAF_BITS;
        return top >= all.length ? 0 : all[(int) top][(int) (gpa >>> PAGE_BITS) & LEAF_PAGES - 1];
    }

    void set(long gpa, long hva) {
        if (gpa >>> ADDRESS_BITS != 0 || get(gpa) == hva) {
            return;
        }
        int top = (int) (gpa >>> LEAF_BITS);
        if (top >= leaves.length) {
            grow(top);
        }
        if (leaves[top] == NOTHING || common.get(top)) {
            long[] leaf = leaves[top].clone();
            VarHandle.releaseFence(); // its content is visible before it is
            leaves[top] = leaf;
            common.clear(top);
        }
        leaves[top][(int) (gpa >>> PAGE_BITS) & LEAF_PAGES - 1] = hva;
    }

    private void grow(int top) {
        int old = leaves.length;
        long[][] more = Arrays.copyOf(leaves, Integer.highestOneBit(top) * 2);
        Arrays.fill(more, old, more.length, NOTHING);
        VarHandle.releaseFence(); // its leaves are visible before it is
        leaves = more;
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
        long last = Math.min(lastGpa, ((long) leaves.length << LEAF_BITS) - 1);
        for (long top = firstGpa >>> LEAF_BITS; top <= last >>> LEAF_BITS; top++) {
            if (Arrays.equals(leaves[(int) top], NOTHING)) {
                leaves[(int) top] = NOTHING;
                common.clear((int) top);
            }
        }
    }

    void clear() {
        common.clear();
        Arrays.fill(leaves, NOTHING);
    }
}
