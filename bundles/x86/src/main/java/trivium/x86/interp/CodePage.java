package trivium.x86.interp;

import java.util.Arrays;

/** A guest-physical page that is watched, and the blocks that lie on it. */
final class CodePage {
    private static final int GRANULE_SHIFT = 6;

    private Block[] blocks = new Block[4];
    private int count;

    /** Bit n: a block may lie on the bytes from 64 n on. */
    private long granules;

    /** Stores to the page since it had a block last. */
    int idleStores;

    /** The granules from an offset within a page up to another, which is included. */
    private static long granules(int first, int last) {
        return -1L << (first >>> GRANULE_SHIFT) & -1L >>> 63 - (last >>> GRANULE_SHIFT);
    }

    private static long granules(Block b, long page) {
        boolean one = b.lastPage >>> 12 == b.gpa >>> 12;
        int first = (int) b.gpa & 0xfff;
        if (one) {
            return b.wraps() ? -1L : granules(first, first + b.bytes - 1);
        }
        return b.gpa >>> 12 == page
                ? granules(first, 0xfff)
                : granules(0, b.bytes - (4096 - first) - 1);
    }

    void add(Block b, long page) {
        if (count == blocks.length) {
            blocks = Arrays.copyOf(blocks, 2 * count);
        }
        blocks[count++] = b;
        granules |= granules(b, page);
        idleStores = 0;
    }

    void remove(Block b) {
        for (int i = 0; i < count; i++) {
            if (blocks[i] == b) {
                take(i);
                return;
            }
        }
    }

    private void take(int i) {
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

    /** Takes a block that overlaps [from, to) off the page; null if there is none. */
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
    void narrow(long page) {
        granules = 0;
        for (int i = 0; i < count; i++) {
            granules |= granules(blocks[i], page);
        }
    }

    void drop() {
        for (int i = 0; i < count; i++) {
            blocks[i].drop();
        }
    }
}
