package trivium.machine.sharing;

import trivium.hostos.HostMemory;

/** A page in 64 bits. Equal pages have equal ones; whether others differ is for a comparison. */
final class PageHash {
    static final int PAGE = 4096;

    /** Of a page of zeros. */
    static final long ZEROS = 0;

    private static final long PRIME = 0x9e37_79b9_7f4a_7c15L;

    private PageHash() {}

    static long of(long hva) {
        long h = 0, any = 0;
        for (int i = 0; i < PAGE; i += 16) {
            long a = HostMemory.getLong(hva + i), b = HostMemory.getLong(hva + i + 8);
            any |= a | b;
            h = Long.rotateLeft(h ^ a, 29) * PRIME + Long.rotateLeft(b, 17);
        }
        h ^= h >>> 32;
        return any == 0 ? ZEROS : h == ZEROS ? 1 : h;
    }
}
