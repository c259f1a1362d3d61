package trivium.hostos;

import static trivium.hostos.LibC.call;
import static trivium.hostos.LibC.handle;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Shared memory without a file of ours, mapped twice: the second time by {@code mremap} of nothing
 * (mremap(2): "If the value of old_size is zero"). The kernel calls it /dev/zero.
 */
record AnonymousPair(MemorySegment writable, MemorySegment executable) {
    private static final Logger LOG = LoggerFactory.getLogger(AnonymousPair.class);

    // <asm-generic/mman.h>, <asm-generic/mman-common.h>, <linux/mman.h>
    private static final int MREMAP_MAYMOVE = 1;
    private static final int MADV_REMOVE = 9;

    static AnonymousPair map(long sizeBytes) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = LibC.newState(arena);
            MemorySegment writable = mapWritable(sizeBytes);
            long first = writable.address();
            long second =
                    call(
                            "mremap",
                            state,
                            () ->
                                    (long)
                                            handle(LibC.MREMAP)
                                                    .invokeExact(
                                                            state,
                                                            first,
                                                            0L,
                                                            sizeBytes,
                                                            MREMAP_MAYMOVE));
            MemorySegment executable = Memfd.owned(second, sizeBytes);
            call(
                    "mprotect",
                    state,
                    () ->
                            (int)
                                    handle(LibC.MPROTECT)
                                            .invokeExact(
                                                    state,
                                                    second,
                                                    sizeBytes,
                                                    Memfd.PROT_READ | Memfd.PROT_EXEC));
            return new AnonymousPair(writable, executable);
        }
    }

    private static MemorySegment mapWritable(long sizeBytes) throws IOException {
        int flags = Memfd.MAP_SHARED | Memfd.MAP_NORESERVE | Memfd.MAP_ANONYMOUS;
        String what = "mmap of %d bytes".formatted(sizeBytes);
        return Memfd.mmap(what, sizeBytes, Memfd.PROT_READ | Memfd.PROT_WRITE, flags, -1);
    }

    /** Gives the pages back. */
    void release() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = LibC.newState(arena);
            call(
                    "madvise",
                    state,
                    () ->
                            (int)
                                    handle(LibC.MADVISE)
                                            .invokeExact(
                                                    state,
                                                    writable.address(),
                                                    writable.byteSize(),
                                                    MADV_REMOVE));
        } catch (IOException e) {
            LOG.warn("memory is freed only when it is collected", e);
        }
    }
}
