package trivium.x86.interp;

import trivium.hostos.HostMemory;

/**
 * A set of linear pages, by a hash: it may say yes to a page that was never added. It lies off the
 * heap, where translated code reads it too: bit {@code (page ^ page >> 16) & 0xffff}.
 */
final class PageFilter {
    private static final int BITS = 1 << 16;

    /** With fewer pages it is not worth the time to clear it. */
    private static final int FEW = 256;

    static final int BYTES = BITS / 8;

    private final long hva;
    private int added;

    /**
     * @param hva of {@link #BYTES} zeros
     */
    PageFilter(long hva) {
        this.hva = hva;
    }

    private static int hash(long linear) {
        long page = linear >>> 12;
        return (int) (page ^ page >>> 16) & BITS - 1;
    }

    void add(long linear) {
        int bit = hash(linear);
        long at = hva + (bit >>> 3);
        HostMemory.putByte(at, (byte) (HostMemory.getByte(at) | 1 << (bit & 7)));
        added++;
    }

    boolean mayContain(long linear) {
        int bit = hash(linear);
        return (HostMemory.getByte(hva + (bit >>> 3)) & 1 << (bit & 7)) != 0;
    }

    /** Everything added so far may be forgotten. */
    void clear() {
        if (added > FEW) {
            HostMemory.fill(hva, BYTES, (byte) 0);
            added = 0;
        }
    }
}
