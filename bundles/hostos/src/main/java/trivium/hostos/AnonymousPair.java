package trivium.hostos;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Shared memory without a file of ours, mapped twice: the second time by {@link Mman#mapAgain}. The
 * kernel calls it /dev/zero.
 */
record AnonymousPair(MemorySegment writable, MemorySegment executable) {
    private static final Logger LOG = LoggerFactory.getLogger(AnonymousPair.class);

    static AnonymousPair map(long sizeBytes) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = LibC.newState(arena);
            MemorySegment writable = mapWritable(sizeBytes);
            long first = writable.address();
            long second = LibC.call("mremap", state, () -> Mman.mapAgain(state, first, sizeBytes));
            MemorySegment executable = Mman.owned(second, sizeBytes);
            Mman.protect(second, sizeBytes, Mman.PROT_READ | Mman.PROT_EXEC);
            return new AnonymousPair(writable, executable);
        }
    }

    private static MemorySegment mapWritable(long sizeBytes) throws IOException {
        int flags = Mman.MAP_SHARED | Mman.MAP_NORESERVE | Mman.MAP_ANONYMOUS;
        String what = "mmap of %d bytes".formatted(sizeBytes);
        return Mman.mmap(what, sizeBytes, Mman.PROT_READ | Mman.PROT_WRITE, flags, -1);
    }

    /** Gives the pages back. */
    void release() {
        try {
            Mman.dropShared(writable.address(), writable.byteSize());
        } catch (IOException e) {
            LOG.warn("memory is freed only when it is collected", e);
        }
    }
}
