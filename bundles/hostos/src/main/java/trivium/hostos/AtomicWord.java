package trivium.hostos;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A 32-bit word that Java updates atomically and native code polls at {@link #hva}; alone in its
 * cache line, and where the host has room, below 2 GiB, so that an instruction can name it. It
 * starts at zero and lives as long as this object is reachable.
 */
public final class AtomicWord {
    private static final int CACHE_LINE_BYTES = 64;

    // <asm/mman.h>
    private static final int MAP_PRIVATE_ANONYMOUS_32BIT = 0x2 | 0x20 | 0x40;

    /** Keeps the word allocated. */
    private final MemorySegment line = allocate();

    private final long hva = line.address();

    private static MemorySegment allocate() {
        if (LibC.linux() && LibC.MMAP.isPresent()) {
            try {
                return Mman.mmap(
                        "mmap below 2 GiB",
                        Memfd.PAGE_BYTES,
                        Mman.PROT_READ | Mman.PROT_WRITE,
                        MAP_PRIVATE_ANONYMOUS_32BIT,
                        -1);
            } catch (IOException _) {
                // No room down there: anywhere will do.
            }
        }
        return Arena.ofAuto().allocate(CACHE_LINE_BYTES, CACHE_LINE_BYTES);
    }

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
