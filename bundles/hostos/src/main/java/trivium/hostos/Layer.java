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
    private final Memfd memfd;

    /** Whether its owner looks after its pages; else they live as long as it. */
    final boolean lookedAfter;

    private int users;

    /** Takes the memfd over; nobody writes to it from now on but through {@link #write}. */
    Layer(Memfd memfd) {
        this(memfd, false);
    }

    Layer(Memfd memfd, boolean lookedAfter) {
        this.memfd = memfd;
        this.lookedAfter = lookedAfter;
    }

    synchronized void retain() {
        users++;
    }

    synchronized void release() {
        if (--users == 0) {
            memfd.release();
        }
    }

    /** How often it is retained. */
    synchronized int users() {
        return users;
    }

    /** What its pages cost. */
    long dataBytes() throws IOException {
        return memfd.dataBytes();
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

    /** Visits the runs of pages that exist in a range; the others are zero and cost nothing. */
    void forEachData(long offset, long length, Runs runs) throws IOException {
        memfd.forEachData(offset, length, runs);
    }

    /** Frees pages that nobody looks at. */
    void discard(long offset, long length) {
        memfd.discard(offset, length);
    }
}
