package trivium.x86.interp;

import java.util.Arrays;

/** A set of linear pages, by a hash: it may say yes to a page that was never added. */
final class PageFilter {
    private static final int BITS = 1 << 16;

    /** With fewer pages it is not worth the time to clear it. */
    private static final int FEW = 256;

    private final long[] bits = new long[BITS / 64];
    private int added;

    private static int hash(long linear) {
        long page = linear >>> 12;
        return (int) (page ^ page >>> 16) & BITS - 1;
    }

    void add(long linear) {
        int bit = hash(linear);
        bits[bit >>> 6] |= 1L << bit;
        added++;
    }

    boolean mayContain(long linear) {
        int bit = hash(linear);
        return (bits[bit >>> 6] & 1L << bit) != 0;
    }

    /** Everything added so far may be forgotten. */
    void clear() {
        if (added > FEW) {
            Arrays.fill(bits, 0);
            added = 0;
        }
    }
}
