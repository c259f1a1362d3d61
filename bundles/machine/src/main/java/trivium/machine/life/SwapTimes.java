package trivium.machine.life;

import java.util.Arrays;
import jdk.jfr.FlightRecorder;
import trivium.vm.Vm.Swaps;

/** How long vCPUs stood still for changes of engine or strategy. Thread-safe. */
final class SwapTimes {
    private static final int KEPT = 1000;

    private final long[] recent = new long[KEPT];
    private long pauses, count, last, longest;

    /** A change was made, on all vCPUs. */
    synchronized void changed() {
        count++;
    }

    /** One vCPU stood still for a change while its VM ran. */
    synchronized void paused(long nanos) {
        recent[(int) (pauses++ % KEPT)] = nanos;
        last = nanos;
        longest = Math.max(longest, nanos);
    }

    synchronized void clear() {
        pauses = count = last = longest = 0;
    }

    synchronized Swaps get() {
        long[] sorted = Arrays.copyOf(recent, (int) Math.min(pauses, KEPT));
        Arrays.sort(sorted);
        return new Swaps(count, last, sorted.length == 0 ? 0 : sorted[sorted.length / 2], longest);
    }

    /** For JDK Flight Recorder, if somebody started it: the first event class costs a while. */
    static void record(String vm, int vcpu, String from, String to, long nanos) {
        if (FlightRecorder.isInitialized()) {
            SwapEvent event = new SwapEvent();
            event.vm = vm;
            event.vcpu = vcpu;
            event.from = from;
            event.to = to;
            event.pauseNanos = nanos;
            event.commit();
        }
    }
}
