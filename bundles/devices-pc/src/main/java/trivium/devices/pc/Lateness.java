package trivium.devices.pc;

/**
 * What periodic timers do when the host was late. Ticks that are due follow one another faster than
 * programmed, so that guests which count ticks keep their time, but far enough apart for a guest to
 * take each; what is more than {@link #MAX_LAG_NANOS} behind is dropped.
 */
public final class Lateness {
    public static final long MAX_LAG_NANOS = 250_000_000;

    /** Shortest time between two interrupts: nothing needs more, whatever is programmed. */
    private static final long MIN_INTERVAL_NANOS = 20_000;

    private static final int SPEED_UP = 8;

    private Lateness() {}

    /** When to fire next for a tick that is due at {@code dueNanos} and may be late already. */
    public static long next(long dueNanos, long nowNanos, long periodNanos) {
        long spacing = Math.max(MIN_INTERVAL_NANOS, periodNanos / SPEED_UP);
        return Math.max(dueNanos, nowNanos + spacing);
    }
}
