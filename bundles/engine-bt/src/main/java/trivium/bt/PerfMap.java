package trivium.bt;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Names translations for {@code perf}: lines "START SIZE NAME" in hex, as Linux
 * tools/perf/Documentation/jit-interface.txt has them, in the file where perf looks for them. Of
 * code that took the place of other code after a flush perf shows one of both. The JVM's own maps
 * ({@code jcmd PID Compiler.perfmap FILE}) must go to another file.
 */
final class PerfMap {
    /** System property: "true" for perf's own place, or a path. */
    static final String PROPERTY = "trivium.bt.perfMap";

    private static final Logger LOG = LoggerFactory.getLogger(PerfMap.class);
    private static final Pattern VCPU_THREAD = Pattern.compile("trivium-(.+)-vcpu\\d+");

    /** About 250 MiB: a guest may have code translated without end. */
    private static final long MOST_LINES = 1L << 22;

    /** Null if nobody asked. */
    private static final PerfMap ASKED = asked(System.getProperty(PROPERTY));

    private BufferedWriter out;
    private long lines;

    PerfMap(Path file) throws IOException {
        Files.deleteIfExists(file);
        out =
                Files.newBufferedWriter(
                        file,
                        StandardCharsets.UTF_8,
                        StandardOpenOption.CREATE_NEW,
                        StandardOpenOption.WRITE);
    }

    private static PerfMap asked(String value) {
        if (value == null || value.isBlank() || value.equals("false")) {
            return null;
        }
        Path file =
                Path.of(
                        value.equals("true")
                                ? "/tmp/perf-%d.map".formatted(ProcessHandle.current().pid())
                                : value);
        try {
            PerfMap map = new PerfMap(file);
            Runtime.getRuntime().addShutdownHook(new Thread(map::close, "trivium-perf-map"));
            LOG.info("translations are named in {}", file);
            return map;
        } catch (IOException e) {
            LOG.warn("no map for perf", e);
            return null;
        }
    }

    /** Whether code has to lie where perf asks for its name. */
    static boolean asked() {
        return ASKED != null;
    }

    /** On the vCPU's thread, whose name has the VM's. */
    static void name(long hva, int sizeBytes, long rip) {
        if (ASKED != null) {
            ASKED.add(hva, sizeBytes, "%s:%x".formatted(vm(Thread.currentThread().getName()), rip));
        }
    }

    /** Names code that is of no guest, such as the entry from Java. */
    static void name(long hva, int sizeBytes, String what) {
        if (ASKED != null) {
            ASKED.add(hva, sizeBytes, "trivium-bt:" + what);
        }
    }

    static String vm(String thread) {
        Matcher matcher = VCPU_THREAD.matcher(thread);
        return matcher.matches() ? matcher.group(1) : thread;
    }

    synchronized void add(long hva, int sizeBytes, String symbol) {
        if (out == null) {
            return;
        }
        try {
            out.write("%x %x %s\n".formatted(hva, sizeBytes, symbol));
            out.flush(); // perf may look at any time
            if (++lines == MOST_LINES) {
                LOG.warn("the map for perf is full");
                close();
            }
        } catch (IOException e) {
            LOG.warn("the map for perf ends here", e);
            out = null;
        }
    }

    synchronized void close() {
        try {
            if (out != null) {
                out.close();
            }
        } catch (IOException e) {
            LOG.warn("the map for perf ends early", e);
        } finally {
            out = null;
        }
    }
}
