package trivium.hostos;

import static trivium.hostos.LibC.call;
import static trivium.hostos.LibC.handle;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Pages that nobody changes once they are there, in a memfd: memories have them mapped privately
 * and get a page of their own when they write. It lives as long as somebody has it retained.
 */
final class Layer {
    /** {@code <unistd.h>}; answers errno ENXIO behind the last data. */
    private static final int SEEK_DATA = 3, SEEK_HOLE = 4;

    private final Memfd memfd;
    private int users;

    /** Takes the memfd over; nobody writes to it from now on but through {@link #write}. */
    Layer(Memfd memfd) {
        this.memfd = memfd;
    }

    synchronized void retain() {
        users++;
    }

    synchronized void release() {
        if (--users == 0) {
            memfd.release();
        }
    }

    int fd() {
        return memfd.fd();
    }

    /** Copies whole pages in from a host address, where there were none. */
    void write(long offset, long hva, long length) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = LibC.newState(arena);
            for (long done = 0; done < length; ) {
                long at = done;
                done +=
                        call(
                                "pwrite",
                                state,
                                () ->
                                        (long)
                                                handle(LibC.PWRITE)
                                                        .invokeExact(
                                                                state,
                                                                memfd.fd(),
                                                                hva + at,
                                                                length - at,
                                                                offset + at));
            }
        }
    }

    /** Told of a run of bytes. */
    interface Runs {
        void run(long offset, long length) throws IOException;
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
    private long seek(long from, int whence) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = LibC.newState(arena);
            return (long) handle(LibC.LSEEK).invokeExact(state, memfd.fd(), from, whence);
        } catch (Throwable t) {
            throw new AssertionError("lseek", t); // a linkage mistake of ours
        }
    }

    /** Frees pages that nobody looks at. */
    void discard(long offset, long length) {
        memfd.discard(offset, length);
    }
}
