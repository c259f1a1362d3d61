package trivium.machine.board;

import java.util.OptionalLong;
import java.util.function.LongSupplier;
import trivium.device.VirtualClock;

/**
 * A VM's time. It either follows the host's monotonic clock while it runs, or the instructions that
 * its only vCPU counts, which makes runs repeatable.
 */
public final class Clock implements VirtualClock {
    /** Nanoseconds per instruction when instructions are counted: 100 million a second. */
    public static final int NANOS_PER_INSTRUCTION = 10;

    private record Reading(long nanos, long hostNanos, boolean running) {}

    private final boolean counted;
    private volatile long epochMillis;
    private volatile Reading reading = new Reading(0, 0, false);

    /** Counted time without that of the instructions counted since {@link #follow}. */
    private volatile long countedNanos;

    private volatile LongSupplier instructions = () -> 0;

    /**
     * @param counted whether {@link #follow} and {@link #advance} move it
     */
    public Clock(long epochMillis, boolean counted) {
        this.epochMillis = epochMillis;
        this.counted = counted;
    }

    @Override
    public long nanos() {
        if (counted) {
            return countedNanos + instructions.getAsLong() * NANOS_PER_INSTRUCTION;
        }
        return nanosRunning();
    }

    @Override
    public long epochMillis() {
        return epochMillis + nanos() / 1_000_000;
    }

    public synchronized void run() {
        if (!reading.running) {
            reading = new Reading(reading.nanos, System.nanoTime(), true);
        }
    }

    public synchronized void stop() {
        reading = new Reading(nanosRunning(), 0, false);
    }

    private long nanosRunning() {
        Reading r = reading;
        return r.running ? r.nanos + (System.nanoTime() - r.hostNanos) : r.nanos;
    }

    /** What this clock has more than the host's until it is stopped; empty if it follows not. */
    public OptionalLong aheadOfHost() {
        Reading r = reading;
        return counted || !r.running
                ? OptionalLong.empty()
                : OptionalLong.of(r.nanos - r.hostNanos);
    }

    public boolean running() {
        return reading.running;
    }

    /** Whether time is counted in instructions. */
    public boolean counted() {
        return counted;
    }

    /** Lets instructions move a counted clock from now on; on the vCPU's thread. */
    public void follow(LongSupplier count) {
        if (counted) {
            countedNanos = nanos() - count.getAsLong() * NANOS_PER_INSTRUCTION;
            instructions = count;
        }
    }

    /** What {@link #epochMillis()} was when {@link #nanos} was 0. */
    long epochAtStart() {
        return epochMillis;
    }

    /** Sets it while it stands still: a counted clock before any instruction or between two. */
    synchronized void set(long nanos, long epochAtStart) {
        epochMillis = epochAtStart;
        if (counted) {
            advance(nanos - nanos());
        } else {
            reading = new Reading(nanos, 0, false);
        }
    }

    /** Moves a counted clock while no instruction runs; on the vCPU's thread. */
    public void advance(long nanos) {
        countedNanos = countedNanos + nanos;
    }
}
