package trivium.machine.board;

import trivium.device.VirtualClock;

/**
 * A VM's time. It either follows the host's monotonic clock while it runs, or is moved by the
 * instructions that the vCPU counts, which makes runs repeatable.
 */
public final class Clock implements VirtualClock {
    /** Nanoseconds per instruction when instructions are counted: 100 million a second. */
    public static final int NANOS_PER_INSTRUCTION = 10;

    private record Reading(long nanos, long hostNanos, boolean running) {}

    private final long epochMillis;
    private final boolean counted;
    private volatile Reading reading = new Reading(0, 0, false);
    private volatile long countedNanos;

    /**
     * @param counted whether {@link #advance} moves it
     */
    public Clock(long epochMillis, boolean counted) {
        this.epochMillis = epochMillis;
        this.counted = counted;
    }

    @Override
    public long nanos() {
        if (counted) {
            return countedNanos;
        }
        Reading r = reading;
        return r.running ? r.nanos + (System.nanoTime() - r.hostNanos) : r.nanos;
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

    public boolean running() {
        return reading.running;
    }

    /** Whether time is counted in instructions. */
    public boolean counted() {
        return counted;
    }

    /** Moves a counted clock; on the vCPU's thread. */
    public void advance(long nanos) {
        countedNanos = countedNanos + nanos;
    }
}
