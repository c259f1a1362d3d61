package trivium.devices.pc;

/**
 * A counter of fixed frequency driven by the virtual clock. Both directions are exact for any
 * uptime, so that deadlines computed from ticks do not drift.
 *
 * @param hertz below 2^31
 */
public record Ticks(long hertz) {
    private static final long SECOND = 1_000_000_000L;

    /** Ticks completed at {@code nanos}. */
    public long at(long nanos) {
        return nanos / SECOND * hertz + nanos % SECOND * hertz / SECOND;
    }

    /** The first nanosecond at which {@link #at} gives {@code ticks}. */
    public long nanos(long ticks) {
        return ticks / hertz * SECOND + (ticks % hertz * SECOND + hertz - 1) / hertz;
    }
}
