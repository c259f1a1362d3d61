package trivium.hostos;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * How many mappings memories of this process use. The kernel allows a process so many ({@code
 * /proc/sys/vm/max_map_count}); some are left to the JVM and to engines.
 */
public final class Mappings {
    private static final Path LIMIT = Path.of("/proc/sys/vm/max_map_count");
    private static final int USUAL = 65_530, OTHERS = 16_384;
    private static final int MOST = Math.max(1024, limit() - OTHERS);
    private static final AtomicInteger USED = new AtomicInteger();

    private Mappings() {}

    private static int limit() {
        // In one read: the kernel gives no rest to a second one.
        try (BufferedReader file = Files.newBufferedReader(LIMIT)) {
            return Integer.parseInt(file.readLine());
        } catch (IOException | NumberFormatException _) {
            return USUAL;
        }
    }

    /** How many memories may use together. */
    public static int most() {
        return MOST;
    }

    public static int used() {
        return USED.get();
    }

    /** Counts more, or fewer if negative. */
    static void count(int more) {
        USED.addAndGet(more);
    }

    static void require(int more) throws IOException {
        if (USED.get() + more > MOST) {
            throw new IOException(
                    "%d more mappings of memory are too many: %d of %d are in use"
                            .formatted(more, USED.get(), MOST));
        }
    }
}
