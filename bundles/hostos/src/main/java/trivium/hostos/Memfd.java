package trivium.hostos;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A memfd of fixed size and its shared mappings. {@link #release} gives the pages back at once;
 * each mapping stays until its segment is unreachable, so that a late access reads zeros and does
 * not fault.
 */
final class Memfd {
    private static final Logger LOG = LoggerFactory.getLogger(Memfd.class);

    // <linux/memfd.h>, <linux/falloc.h>
    private static final int MFD_CLOEXEC = 1;

    /** lseek's; it answers errno ENXIO behind the last data. */
    private static final int SEEK_DATA = 3, SEEK_HOLE = 4;

    private static final int FALLOC_FL_KEEP_SIZE = 1, FALLOC_FL_PUNCH_HOLE = 2;
    static final int PAGE_BYTES = 4096;

    private final long sizeBytes;
    private int fd;

    private Memfd(int fd, long sizeBytes) {
        this.fd = fd;
        this.sizeBytes = sizeBytes;
    }

    static boolean available() {
        return LibC.linux() && LibC.MEMFD_CREATE.isPresent();
    }

    static void requireWholePages(String name, long sizeBytes) {
        if (sizeBytes <= 0 || sizeBytes % PAGE_BYTES != 0) {
            throw new IllegalArgumentException(
                    "%s: %d bytes are no whole number of pages".formatted(name, sizeBytes));
        }
    }

    static Memfd create(String name, long sizeBytes) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = LibC.newState(arena);
            MemorySegment cName = arena.allocateFrom(name);
            int fd =
                    LibC.call(
                            "memfd_create",
                            state,
                            () ->
                                    (int)
                                            LibC.handle(LibC.MEMFD_CREATE)
                                                    .invokeExact(state, cName, MFD_CLOEXEC));
            Memfd created = new Memfd(fd, sizeBytes);
            try {
                LibC.call(
                        "ftruncate",
                        state,
                        () -> (int) LibC.handle(LibC.FTRUNCATE).invokeExact(state, fd, sizeBytes));
            } catch (IOException e) {
                created.closeDescriptor();
                throw e;
            }
            return created;
        }
    }

    /** The whole file with PROT_ bits {@code protection}, anew at each call. */
    synchronized MemorySegment map(int protection) throws IOException {
        String what = "mmap of %d bytes".formatted(sizeBytes);
        int flags = Mman.MAP_SHARED | Mman.MAP_NORESERVE;
        return Mman.mmap(what, sizeBytes, protection, flags, fd);
    }

    /** The descriptor, or -1 once released. */
    synchronized int fd() {
        return fd;
    }

    /** Gives the pages back and closes the descriptor; a second call does nothing. */
    synchronized void release() {
        if (fd < 0) {
            return;
        }
        discard(0);
        closeDescriptor();
    }

    /** Gives back the pages from an offset on: they are zero, and none until they are written. */
    void discard(long from) {
        discard(from, sizeBytes - from);
    }

    synchronized void discard(long from, long length) {
        if (fd < 0 || length <= 0) {
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = LibC.newState(arena);
            LibC.call(
                    "fallocate",
                    state,
                    () ->
                            (int)
                                    LibC.handle(LibC.FALLOCATE)
                                            .invokeExact(
                                                    state,
                                                    fd,
                                                    FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE,
                                                    from,
                                                    length));
        } catch (IOException e) {
            LOG.warn("memory is freed only when it is collected", e);
        }
    }

    /** Visits the runs of pages that exist in a range; the others are zero and cost nothing. */
    void forEachData(long offset, long length, Runs runs) throws IOException {
        long end = offset + length;
        for (long at = offset; at < end; ) {
            long data = seek(at, SEEK_DATA);
            if (data < 0 || data >= end) {
                return;
            }
            long hole = Math.min(end, seek(data, SEEK_HOLE));
            runs.run(data, hole - data);
            at = hole;
        }
    }

    /**
     * @return -1 if there is none
     */
    private synchronized long seek(long from, int whence) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = LibC.newState(arena);
            return (long) LibC.handle(LibC.LSEEK).invokeExact(state, fd, from, whence);
        } catch (Throwable t) {
            throw new AssertionError("lseek", t); // a linkage mistake of ours
        }
    }

    /** What its pages cost. */
    long dataBytes() throws IOException {
        long[] sum = {0};
        forEachData(0, sizeBytes, (_, n) -> sum[0] += n);
        return sum[0];
    }

    private void closeDescriptor() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = LibC.newState(arena);
            LibC.call("close", state, () -> (int) LibC.handle(LibC.CLOSE).invokeExact(state, fd));
        } catch (IOException e) {
            LOG.warn("memfd {} stays open", fd, e);
        }
        fd = -1;
    }
}
