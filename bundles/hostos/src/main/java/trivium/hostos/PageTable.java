package trivium.hostos;

import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * Guest-physical page to host address of that page, 0 where there is none; pages from 2 TiB on are
 * never in it. It lies off the heap, where translated code reads it too: two levels, of 16 MiB a
 * leaf.
 *
 * <pre>
 * leaf = [hva + (gpa >> 24) * 8]                    gpa < 2 TiB; 0: nothing there
 * page = [leaf + (gpa >> 12 & 0xfff) * 8]           0: nothing there
 * </pre>
 *
 * Any thread reads without a lock and may see a page's former address for a moment; writers have a
 * lock of their own.
 */
public final class PageTable {
    public static final int ADDRESS_BITS = 41, LEAF_BITS = 24, PAGE_BITS = 12;
    public static final int LEAVES = 1 << ADDRESS_BITS - LEAF_BITS;

    /** What a leaf maps. */
    public static final long LEAF_BYTES = 1L << LEAF_BITS;

    private static final int LEAF_PAGES = 1 << LEAF_BITS - PAGE_BITS;

    /** Only what is touched of it costs memory. */
    private final MemorySegment top;

    private final long hva;

    /** Keeps them reachable: readers have their addresses alone. */
    private final List<MemorySegment> leaves = new ArrayList<>();

    /** Leaves that map nothing any more. Late readers may still look at them. */
    private final List<Long> spare = new ArrayList<>();

    /** Leaves that other tables have too: never written. */
    private final BitSet common = new BitSet();

    /**
     * @throws UncheckedIOException if the host has no address space left
     */
    public PageTable() {
        top = HostMemory.zeros(8L * LEAVES);
        hva = top.address();
    }

    /**
     * Maps whole leaves in several tables at once, which share them until one of them changes.
     *
     * @param gpa a multiple of LEAF_BYTES, as is the length
     */
    public static void fill(List<PageTable> tables, long gpa, long length, long hva) {
        for (long done = 0; done < length; done += LEAF_BYTES) {
            MemorySegment leaf = Arena.ofAuto().allocate(8L * LEAF_PAGES, 8);
            for (int i = 0; i < LEAF_PAGES; i++) {
                HostMemory.putLong(leaf.address() + 8L * i, hva + done + ((long) i << PAGE_BITS));
            }
            for (PageTable table : tables) {
                table.leaves.add(leaf);
                table.use(gpa + done, leaf.address());
                table.common.set(number(gpa + done));
            }
        }
    }

    private static int number(long gpa) {
        return (int) (gpa >>> LEAF_BITS);
    }

    private void use(long gpa, long leaf) {
        VarHandle.releaseFence(); // its content is visible before it is
        HostMemory.putLong(top(gpa), leaf);
    }

    /** The host address of the first level, valid while this object is reachable. */
    public long hva() {
        return hva;
    }

    public long get(long gpa) {
        if (gpa >>> ADDRESS_BITS != 0) {
            return 0;
        }
        long leaf = HostMemory.getLong(top(gpa));
        return leaf == 0 ? 0 : HostMemory.getLong(leaf + entry(gpa));
    }

    public void set(long gpa, long page) {
        if (gpa >>> ADDRESS_BITS != 0 || get(gpa) == page) {
            return;
        }
        long leaf = HostMemory.getLong(top(gpa));
        if (leaf == 0 || common.get(number(gpa))) {
            long own = newLeaf();
            if (leaf != 0) {
                HostMemory.copy(leaf, own, 8L * LEAF_PAGES);
            }
            use(gpa, own);
            common.clear(number(gpa));
            leaf = own;
        }
        HostMemory.putLong(leaf + entry(gpa), page);
    }

    private long newLeaf() {
        if (!spare.isEmpty()) {
            return spare.removeLast();
        }
        MemorySegment leaf = Arena.ofAuto().allocate(8L * LEAF_PAGES, 8);
        leaves.add(leaf);
        return leaf.address();
    }

    private long top(long gpa) {
        return hva + (gpa >>> LEAF_BITS) * 8;
    }

    private static long entry(long gpa) {
        return (gpa >>> PAGE_BITS & LEAF_PAGES - 1) * 8;
    }

    /** Told of a mapped page. */
    @FunctionalInterface
    public interface Visitor {
        void page(long gpa, long hva);
    }

    /** Visits all mapped pages in order. */
    public void forEach(Visitor visitor) {
        for (long start = 0; start >>> ADDRESS_BITS == 0; start += LEAF_BYTES) {
            long leaf = HostMemory.getLong(top(start));
            for (int i = 0; leaf != 0 && i < LEAF_PAGES; i++) {
                long page = HostMemory.getLong(leaf + 8L * i);
                if (page != 0) {
                    visitor.page(start | (long) i << PAGE_BITS, page);
                }
            }
        }
    }

    /** Keeps for others what maps nothing any more between two addresses. */
    public void prune(long firstGpa, long lastGpa) {
        long last = Math.min(lastGpa, (1L << ADDRESS_BITS) - 1);
        for (long at = firstGpa & -LEAF_BYTES; at <= last; at += LEAF_BYTES) {
            long leaf = HostMemory.getLong(top(at));
            if (leaf != 0 && !common.get(number(at)) && isEmpty(leaf)) {
                HostMemory.putLong(top(at), 0);
                spare.add(leaf);
            }
        }
    }

    private static boolean isEmpty(long leaf) {
        for (int i = 0; i < LEAF_PAGES; i++) {
            if (HostMemory.getLong(leaf + 8L * i) != 0) {
                return false;
            }
        }
        return true;
    }

    /** Unmaps everything. */
    public void clear() {
        for (long at = 0; at >>> ADDRESS_BITS == 0; at += LEAF_BYTES) {
            if (HostMemory.getLong(top(at)) != 0) {
                HostMemory.putLong(top(at), 0);
            }
        }
        common.clear();
        spare.clear();
    }
}
