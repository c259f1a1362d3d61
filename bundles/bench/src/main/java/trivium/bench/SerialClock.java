package trivium.bench;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.concurrent.CompletableFuture;
import java.util.function.IntConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import trivium.vm.VmException;

/**
 * Reads what a bench guest writes to COM1, and takes the time where it begins and ends a kernel:
 * the CPU time of the thread that writes, which is the vCPU's, and the host's clock. Takes no
 * notice of the guest's own clock.
 */
final class SerialClock implements IntConsumer {
    private static final Pattern END = Pattern.compile("END (\\w+) ([0-9a-f]{8})");
    private static final int LONGEST_LINE = 200;

    private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    private final String kernel;
    private final CompletableFuture<Reading> reading = new CompletableFuture<>();

    // Of the vCPU's thread.
    private final StringBuilder line = new StringBuilder();
    private long lineCpu, lineWall, beginCpu, beginWall;
    private boolean begun;

    SerialClock(String kernel) {
        this.kernel = kernel;
    }

    CompletableFuture<Reading> reading() {
        return reading;
    }

    @Override
    public void accept(int octet) {
        if (line.isEmpty()) { // what the kernel did is done; what it writes does not count
            lineCpu = cpu();
            lineWall = System.nanoTime();
        }
        if (octet == '\n') {
            take(line.toString().strip());
            line.setLength(0);
        } else if (line.length() < LONGEST_LINE) {
            line.append((char) octet);
        }
    }

    private void take(String text) {
        Matcher end = END.matcher(text);
        if (text.equals("BEGIN " + kernel)) {
            begun = true;
            beginCpu = cpu();
            beginWall = System.nanoTime();
        } else if (begun && end.matches() && end.group(1).equals(kernel)) {
            reading.complete(
                    new Reading(
                            (lineCpu - beginCpu) / 1e9,
                            (lineWall - beginWall) / 1e9,
                            Integer.parseUnsignedInt(end.group(2), 16)));
        } else if (text.matches("(FAIL|SKIP|NO-LONG-MODE).*|DONE")) {
            reading.completeExceptionally(new VmException("the guest says: " + text));
        }
    }

    private long cpu() {
        return threads.isCurrentThreadCpuTimeSupported()
                ? threads.getCurrentThreadCpuTime()
                : System.nanoTime();
    }
}
