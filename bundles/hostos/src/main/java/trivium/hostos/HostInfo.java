package trivium.hostos;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import trivium.cpu.Host;

/** What this host is. */
public final class HostInfo {
    private static final Logger LOG = LoggerFactory.getLogger(HostInfo.class);
    private static final int PR_SET_TIMERSLACK = 29; // <linux/prctl.h>

    private HostInfo() {}

    /** Executable memory was tried, once, not inferred. */
    public static Host host() {
        return new Host(
                System.getProperty("os.arch"),
                System.getProperty("os.name"),
                ExecutableTrial.GRANTED);
    }

    private static final class ExecutableTrial {
        static final boolean GRANTED = granted();

        private static boolean granted() {
            try (ExecutableMemory _ = ExecutableMemory.allocate("trivium-trial", 4096)) {
                return true;
            } catch (IOException e) {
                LOG.info("no executable memory: {}", e.getMessage());
                return false;
            }
        }
    }

    /**
     * What the host's x86 CPU has, in the kernel's words: "sse4_1", "avx2", "erms"; empty where
     * {@code /proc/cpuinfo} does not tell.
     */
    public static Set<String> x86Features() {
        try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
            return lines.filter(line -> line.startsWith("flags"))
                    .findFirst()
                    .map(line ->
                            Set.copyOf(
                                    List.of(
                                            line.substring(line.indexOf(':') + 1)
                                                    .strip()
                                                    .split("\\s+"))))
                    .orElse(Set.of());
        } catch (IOException | UncheckedIOException e) {
            LOG.debug("the host's CPU features are unknown", e);
            return Set.of();
        }
    }

    /** The CPU's name in {@code /proc/cpuinfo}; the architecture's where that does not tell. */
    public static String cpuName() {
        try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
            return lines.filter(line -> line.startsWith("model name"))
                    .findFirst()
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .orElse(System.getProperty("os.arch"));
        } catch (IOException | UncheckedIOException e) {
            LOG.debug("the host's CPU has no name", e);
            return System.getProperty("os.arch");
        }
    }

    /** Physical memory in bytes; {@link Long#MAX_VALUE} if the JVM does not tell. */
    public static long memoryBytes() {
        return ManagementFactory.getOperatingSystemMXBean()
                        instanceof com.sun.management.OperatingSystemMXBean os
                ? os.getTotalMemorySize()
                : Long.MAX_VALUE;
    }

    /**
     * Memory in bytes that programs can still have without swapping; {@link Long#MAX_VALUE} where
     * {@code /proc/meminfo} does not tell.
     */
    public static long availableBytes() {
        return kibibytes(Path.of("/proc/meminfo"), "MemAvailable:", Long.MAX_VALUE);
    }

    /** What this process costs the host; 0 if unknown. Takes some milliseconds. */
    public static long processBytes() {
        return kibibytes(Path.of("/proc/self/smaps_rollup"), "Pss:", 0);
    }

    private static long kibibytes(Path file, String what, long otherwise) {
        try (Stream<String> lines = Files.lines(file)) {
            return lines.filter(line -> line.startsWith(what))
                    .findFirst()
                    .map(line -> Long.parseLong(line.replaceAll("\\D+", "")) << 10)
                    .orElse(otherwise);
        } catch (IOException | UncheckedIOException | NumberFormatException e) {
            LOG.debug("{} does not tell", file, e);
            return otherwise;
        }
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
