package trivium.hostos;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import trivium.cpu.Host;

/** What this host is. */
public final class HostInfo {
    private static final int PR_SET_TIMERSLACK = 29; // <linux/prctl.h>

    private HostInfo() {}

    /** Executable memory is claimed on Linux only, where engines map it themselves. */
    public static Host host() {
        return new Host(
                System.getProperty("os.arch"),
                System.getProperty("os.name"),
                LibC.linux() && LibC.MMAP.isPresent());
    }

    /** Physical memory in bytes; {@link Long#MAX_VALUE} if the JVM does not tell. */
    public static long memoryBytes() {
        return ManagementFactory.getOperatingSystemMXBean()
                        instanceof com.sun.management.OperatingSystemMXBean os
                ? os.getTotalMemorySize()
                : Long.MAX_VALUE;
    }

    /**
     * Lets waits of the calling thread end on time: Linux else adds up to 50 µs to share wake-ups.
     * Does nothing elsewhere.
     */
    public static void wakeOnTime() {
        if (!LibC.linux() || LibC.PRCTL.isEmpty()) {
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = LibC.newState(arena);
            int _ = (int) LibC.PRCTL.get().invokeExact(state, PR_SET_TIMERSLACK, 1L, 0L, 0L, 0L);
        } catch (Throwable t) {
            throw new AssertionError("prctl", t); // a linkage mistake of ours
        }
    }
}
