package trivium.bt;

import java.util.BitSet;
import trivium.hostos.HostMemory;

/**
 * TLB entries of single accesses in blocks that run often, most of which stay on a page for long:
 * each access knows where its own entry is, so that nothing has to be looked up, and the address
 * does not wait for the entry. An entry has the linear page, the number of offsets in it at which
 * an access fits (0: the entry is empty), the host address of the page, and the difference of the
 * two. The code fills it from the vCPU's TLB.
 */
final class InlineTlb {
    static final int ENTRIES = 256;

    static final int SHIFT = 5;

    /** Offsets in an entry. */
    static final int PAGE = 0, FITS = 8, HOST = 16, ADDEND = 24;

    /** After so many fills it is asked whether the entry is good for anything. */
    private static final int FILLS = 1024;

    /** Instructions between two fills that make up for the fill. */
    private static final int WORTH = 1024;

    private final long area;
    private final BitSet taken = new BitSet(ENTRIES);

    /** How many instructions had been done when an entry was last asked about. */
    private final long[] since = new long[ENTRIES];

    InlineTlb(long area) {
        this.area = area;
    }

    /** Offset from the GS base. */
    static int entry(int n) {
        return Area.INLINE + (n << SHIFT);
    }

    /** Offset from the GS base of what counts down how often entry {@code n} is filled. */
    static int fills(int n) {
        return Area.INLINE_FILLS + 4 * n;
    }

    /**
     * @param instructions done so far
     * @return an empty entry's number, or -1 if there is none
     */
    int take(long instructions) {
        int n = taken.nextClearBit(0);
        if (n >= ENTRIES) {
            return -1;
        }
        taken.set(n);
        tellUsed();
        HostMemory.putLong(area + entry(n) + FITS, 0);
        again(n, instructions);
        return n;
    }

    private void again(int n, long instructions) {
        since[n] = instructions;
        HostMemory.putInt(area + fills(n), FILLS);
    }

    void give(int n) {
        taken.clear(n);
        tellUsed();
    }

    void giveAll() {
        taken.clear();
        tellUsed();
    }

    private void tellUsed() {
        HostMemory.putInt(area + Area.INLINE_USED, taken.length() << SHIFT);
    }

    /** Empties all. */
    void flush() {
        if (HostMemory.getInt(area + Area.INLINE_FILLED) != 0) {
            HostMemory.putInt(area + Area.INLINE_FILLED, 0);
            HostMemory.fill(area + Area.INLINE, (long) taken.length() << SHIFT, (byte) 0);
        }
    }

    /** Whether an entry was filled at least half as often as it takes to ask. */
    boolean restless(int n) {
        return HostMemory.getInt(area + fills(n)) < FILLS / 2;
    }

    /** Whether an entry that was filled often is worth it. */
    boolean pays(int n, long instructions) {
        boolean pays = instructions - since[n] > (long) FILLS * WORTH;
        again(n, instructions);
        return pays;
    }
}
