package trivium.x86.interp;

import java.util.Arrays;

/** A guest-physical page that is watched, and the blocks that lie on it. */
final class CodePage {
    /**
     * A page without a block is watched until so many stores went to it: code may come again, and
     * to watch a page anew costs more.
     */
    static final int IDLE_STORES = 512;

    private static final int GRANULE_SHIFT = 6;

    private final long page;
    private final CodeStores stores;

    private Block[] blocks = new Block[4];
    private int count;

    /** Bit n: a block may lie on the bytes from 64 n on. */
    private long granules;

    /** The same of blocks that check themselves. */
    private long checked;

    /** Stores to the page that came here since it had a block last. */
    private int idleStores;

    /** Bit n: entry n of {@link CodeStores} is this page's. */
    long entries;

    /** Offsets between which all blocks lay that were taken off since {@link #narrow}. */
    private int goneFirst = 0xfff, goneLast;

    /**
     * @param page number
     */
    CodePage(long page, CodeStores stores) {
        this.page = page;
        this.stores = stores;
    }

    /** The granules from an offset within a page up to another, which is included. */
    private static long granules(int first, int last) {
        return -1L << (first >>> GRANULE_SHIFT) & -1L >>> 63 - (last >>> GRANULE_SHIFT);
    }

    private long granules(Block b) {
        return granules(first(b), last(b));
    }

    /** The offset of a block's first byte on this page. */
    private int first(Block b) {
        return b.gpa >>> 12 != page || b.wraps() ? 0 : (int) b.gpa & 0xfff;
    }

    private int last(Block b) {
        int end = ((int) b.gpa & 0xfff) + b.bytes;
        return end <= 4096 ? end - 1 : b.gpa >>> 12 == page ? 0xfff : end - 4096 - 1;
    }

    void add(Block b) {
        if (count == blocks.length) {
            blocks = Arrays.copyOf(blocks, 2 * count);
        }
        blocks[count++] = b;
        idleStores = 0;
        if (b.isChecked()) {
            checked |= granules(b);
            return;
        }
        granules |= granules(b);
        stores.tell(entries, first(b), last(b), true);
    }

    /** {@link #narrow} must follow. */
    void remove(Block b) {
        for (int i = 0; i < count; i++) {
            if (blocks[i] == b) {
                take(i);
                return;
            }
        }
    }

    private void take(int i) {
        goneFirst = Math.min(goneFirst, first(blocks[i]));
        goneLast = Math.max(goneLast, last(blocks[i]));
        blocks[i] = blocks[--count];
        blocks[count] = null;
    }

    boolean isEmpty() {
        return count == 0;
    }

    /** Whether a block may lie on these bytes of the page. */
    boolean mayOverlap(long gpa, int length) {
        int first = (int) gpa & 0xfff;
        return (granules & granules(first, first + length - 1)) != 0;
    }

    /** The same of a block that checks itself. */
    boolean mayBeChecked(long gpa, int length) {
        int first = (int) gpa & 0xfff;
        return (checked & granules(first, first + length - 1)) != 0;
    }

    /**
     * Takes a block that overlaps [from, to) off the page; null if there is none. {@link #narrow}
     * must follow.
     */
    Block takeOverlapping(long from, long to) {
        for (int i = 0; i < count; i++) {
            Block b = blocks[i];
            if (b.overlaps(from, to)) {
                take(i);
                return b;
            }
        }
        return null;
    }

    /** After blocks were taken off. */
    void narrow() {
        stores.tell(entries, goneFirst, goneLast, false);
        granules = 0;
        checked = 0;
        for (int i = 0; i < count; i++) {
            Block b = blocks[i];
            if (b.isChecked()) {
                checked |= granules(b);
                continue;
            }
            granules |= granules(b);
            if (first(b) <= goneLast && last(b) >= goneFirst) {
                stores.tell(entries, first(b), last(b), true);
            }
        }
        goneFirst = 0xfff;
        goneLast = 0;
        if (count == 0) {
            stores.countAnew(entries);
        }
    }

    /** Lets stores beside the code go on without us, where that can be. */
    void openStores(long linear, int tlb, long host) {
        int entry = stores.open(linear, tlb, host, this);
        if (entry < 0) {
            return;
        }
        for (int i = 0; i < count; i++) {
            if (!blocks[i].isChecked()) {
                stores.tell(1L << entry, first(blocks[i]), last(blocks[i]), true);
            }
        }
    }

    /** A store came here. @return whether the page need not be watched any more */
    boolean isIdle() {
        return count == 0 && ++idleStores > IDLE_STORES;
    }

    /** {@link #IDLE_STORES} stores did not come here. */
    void storedTo() {
        idleStores += IDLE_STORES;
    }

    /** It is not watched any more. */
    void close() {
        stores.close(entries);
    }

    void drop() {
        for (int i = 0; i < count; i++) {
            blocks[i].drop();
        }
        close();
    }
}
