package trivium.hostos;

import java.lang.foreign.MemorySegment;

/** The clock behind {@link System#nanoTime}, for generated code. */
public final class HostClock {
    /** {@code clock_gettime}'s number of the clock that the JVM reads on Linux: <time.h>. */
    public static final int CLOCK_MONOTONIC = 1;

    private HostClock() {}

    /**
     * Host address of the C library's {@code clock_gettime}, whose {@link #CLOCK_MONOTONIC} in
     * nanoseconds is {@link System#nanoTime}; 0 if this host is another.
     */
    public static long function() {
        return LibC.linux()
                ? LibC.address("clock_gettime").map(MemorySegment::address).orElse(0L)
                : 0;
    }
}
