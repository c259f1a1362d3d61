package trivium.hostos;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The mappings of this process: mmap, mremap, mprotect, madvise and munmap, which are called only
 * here. Addresses and lengths are whole pages.
 */
final class Mman {
    private static final Logger LOG = LoggerFactory.getLogger(Mman.class);

    // <asm-generic/mman.h>, <asm-generic/mman-common.h>, <linux/mman.h>
    static final int PROT_NONE = 0, PROT_READ = 1, PROT_WRITE = 2, PROT_EXEC = 4;
    static final int MAP_SHARED = 1, MAP_PRIVATE = 2, MAP_FIXED = 0x10, MAP_NORESERVE = 0x4000;
    static final int MAP_ANONYMOUS = 0x20;
    private static final int MREMAP_MAYMOVE = 1, MREMAP_FIXED = 2;
    private static final int MADV_DONTNEED = 4, MADV_REMOVE = 9;

    private Mman() {}

    /** A new mapping of a file from its start, or of none, which is unmapped once unreachable. */
    static MemorySegment mmap(String what, long sizeBytes, int protection, int flags, int fd)
            throws IOException {
        return owned(mmap(what, 0, sizeBytes, protection, flags, fd, 0), sizeBytes);
    }

    /**
     * Replaces what is mapped at an address: pages that become the process's own when it writes.
     *
     * @param fd of a memfd, or -1 for zeros
     */
    static void mapPrivate(long hva, long length, int fd, long offset) throws IOException {
        String what = "mmap of %d bytes at %#x".formatted(length, hva);
        int flags = MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE | (fd < 0 ? MAP_ANONYMOUS : 0);
        long _ = mmap(what, hva, length, PROT_READ | PROT_WRITE, flags, fd, offset);
    }

    /**
     * @param hva where, with MAP_FIXED
     */
    static long mmap(
            String what, long hva, long length, int protection, int flags, int fd, long offset)
            throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = LibC.newState(arena);
            return LibC.call(
                    what,
                    state,
                    () ->
                            (long)
                                    LibC.handle(LibC.MMAP)
                                            .invokeExact(
                                                    state,
                                                    hva,
                                                    length,
                                                    protection,
                                                    flags,
                                                    fd,
                                                    offset));
        }
    }

    /**
     * Maps shared memory once more: {@code mremap} of nothing (mremap(2): "If the value of old_size
     * is zero").
     *
     * @param state gets errno
     * @return where, or -1 if it is not shared, or cannot be mapped
     */
    static long mapAgain(MemorySegment state, long hva, long length) {
        try {
            return (long)
                    LibC.handle(LibC.MREMAP).invokeExact(state, hva, 0L, length, MREMAP_MAYMOVE);
        } catch (Throwable t) {
            throw new AssertionError("mremap", t); // a linkage mistake of ours
        }
    }

    /**
     * Moves a mapping to an address, in place of what is mapped there.
     *
     * @param state gets errno
     * @return false if it stays where it was
     */
    static boolean move(MemorySegment state, long from, long length, long to) {
        int flags = MREMAP_MAYMOVE | MREMAP_FIXED;
        try {
            long moved =
                    (long)
                            LibC.handle(LibC.MREMAP_FIXED)
                                    .invokeExact(state, from, length, length, flags, to);
            return moved != -1;
        } catch (Throwable t) {
            throw new AssertionError("mremap", t); // a linkage mistake of ours
        }
    }

    static void protect(long hva, long length, int protection) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = LibC.newState(arena);
            LibC.call(
                    "mprotect",
                    state,
                    () ->
                            (int)
                                    LibC.handle(LibC.MPROTECT)
                                            .invokeExact(state, hva, length, protection));
        }
    }

    /** Drops the process's own pages of private mappings: what is below them is seen again. */
    static void dropPrivate(long hva, long length) throws IOException {
        madvise(hva, length, MADV_DONTNEED);
    }

    /** Gives back the pages of shared mappings, of whatever: they are zeros from now on. */
    static void dropShared(long hva, long length) throws IOException {
        madvise(hva, length, MADV_REMOVE);
    }

    private static void madvise(long hva, long length, int advice) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = LibC.newState(arena);
            LibC.call(
                    "madvise",
                    state,
                    () -> (int) LibC.handle(LibC.MADVISE).invokeExact(state, hva, length, advice));
        }
    }

    /** A mapping as a segment that is unmapped once it is unreachable. */
    @SuppressWarnings("restricted")
    static MemorySegment owned(long hva, long sizeBytes) {
        return MemorySegment.ofAddress(hva).reinterpret(sizeBytes, Arena.ofAuto(), Mman::unmap);
    }

    private static void unmap(MemorySegment mapped) {
        unmap(mapped.address(), mapped.byteSize());
    }

    static void unmap(long hva, long length) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = LibC.newState(arena);
            LibC.call(
                    "munmap",
                    state,
                    () -> (int) LibC.handle(LibC.MUNMAP).invokeExact(state, hva, length));
        } catch (IOException e) {
            LOG.error("memory stays mapped", e);
        }
    }
}
