package trivium.hostos;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A 32-bit word that Java updates atomically and native code polls at {@link #hva}; alone in its
 * cache line. It starts at zero and lives as long as this object is reachable.
 */
public final class AtomicWord {
    private static final int CACHE_LINE_BYTES = 64;

    /** Keeps the word allocated. */
    private final MemorySegment line = Arena.ofAuto().allocate(CACHE_LINE_BYTES, CACHE_LINE_BYTES);

    private final long hva = line.address();

    public long hva() {
        return hva;
    }

    public int get() {
        return HostMemory.getIntVolatile(hva);
    }

    /**
     * @return the bits before
     */
    public int or(int bits) {
        return HostMemory.getAndOrInt(hva, bits);
    }

    /**
     * @return the bits before
     */
    public int and(int bits) {
        return HostMemory.getAndAndInt(hva, bits);
    }
}
