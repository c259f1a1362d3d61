package trivium.devices.pc.timer;

import trivium.bus.IrqLine;
import trivium.device.VirtualTimer;
import trivium.devices.pc.Lateness;

/** One comparator of the HPET: configuration, comparator and period. The chip holds the monitor. */
final class HpetTimer {
    static final int LEVEL = 1 << 1, ENABLE = 1 << 2, PERIODIC = 1 << 3, SET_VALUE = 1 << 6;
    static final int MODE32 = 1 << 8;
    private static final int PERIODIC_CAPABLE = 1 << 4, SIZE64 = 1 << 5;
    private static final int ROUTE_SHIFT = 9, ROUTE_MASK = 31;
    private static final int WRITABLE = 0x3f4e;

    private static final long NANOS_PER_TICK = 10;

    /** Nothing is armed farther ahead. */
    private static final long FAR_TICKS = Long.MAX_VALUE / 4 / NANOS_PER_TICK;

    private static final long MAX_LAG_TICKS = Lateness.MAX_LAG_NANOS / NANOS_PER_TICK;

    /** Saved registers. */
    record State(int config, long comparator, long period, boolean active) {}

    private final int routes;
    private final VirtualTimer timer;
    int config;
    private long comparator, period;

    /** The line this timer drives high now, or null. */
    private IrqLine driven;

    HpetTimer(int routes, VirtualTimer timer) {
        this.routes = routes;
        this.timer = timer;
    }

    void reset() {
        stop();
        lower();
        config = 0;
        comparator = -1;
        period = 0;
    }

    long capabilitiesAndConfig() {
        return (long) routes << 32 | config | PERIODIC_CAPABLE | SIZE64;
    }

    void writeConfig(int value) {
        config = value & WRITABLE;
        if ((config & MODE32) != 0) {
            comparator &= 0xffff_ffffL;
            period &= 0xffff_ffffL;
        }
    }

    boolean enabled() {
        return (config & ENABLE) != 0;
    }

    boolean levelTriggered() {
        return (config & LEVEL) != 0;
    }

    private boolean periodic() {
        return (config & PERIODIC) != 0;
    }

    int route() {
        return config >>> ROUTE_SHIFT & ROUTE_MASK;
    }

    boolean routable() {
        return (routes & 1 << route()) != 0;
    }

    long comparator() {
        return comparator;
    }

    /** IA-PC HPET 1.0a "Timer n Comparator Value Register": SET_VALUE lets the value itself in. */
    void writeComparator(long value, long mask) {
        long wide = (config & MODE32) != 0 ? mask & 0xffff_ffffL : mask;
        if (!periodic() || (config & SET_VALUE) != 0) {
            comparator = comparator & ~wide | value & wide;
        }
        if (periodic()) {
            period = period & ~wide | value & wide;
        }
        config &= ~SET_VALUE;
    }

    /** Ticks from {@code counter} to the comparator; not positive if it was passed. */
    private long ticksLeft(long counter) {
        long left = comparator - counter;
        return (config & MODE32) != 0 ? (int) left : left;
    }

    /**
     * Waits for the comparator.
     *
     * @param written whether the guest just wrote the comparator: one that the counter has passed
     *     meanwhile then counts as reached, where the chip would wait for the counter to wrap
     */
    void start(long counter, long now, boolean written) {
        long left = ticksLeft(counter);
        if (left > 0 || written || periodic() && period != 0) {
            timer.arm(now + Math.clamp(left, 0, FAR_TICKS) * NANOS_PER_TICK);
        } else {
            timer.cancel();
        }
    }

    void stop() {
        timer.cancel();
    }

    /**
     * To be called when the virtual timer fires.
     *
     * @return whether the counter has reached the comparator
     */
    boolean expired(long counter, long now) {
        if (ticksLeft(counter) > 0) {
            start(counter, now, false);
            return false;
        }
        if (periodic() && period != 0) {
            advance(counter);
            long due = now + Math.clamp(ticksLeft(counter), -FAR_TICKS, FAR_TICKS) * NANOS_PER_TICK;
            long periodNanos = Math.clamp(period, 0, FAR_TICKS) * NANOS_PER_TICK;
            timer.arm(Lateness.next(due, now, periodNanos));
        }
        return true;
    }

    /** Moves the comparator to the next period, past those that are too late to make up for. */
    private void advance(long counter) {
        long late = -ticksLeft(counter);
        long periods = late > MAX_LAG_TICKS ? Long.divideUnsigned(late, period) + 1 : 1;
        comparator += periods * period;
        if ((config & MODE32) != 0) {
            comparator &= 0xffff_ffffL;
        }
    }

    void raise(IrqLine line) {
        lower();
        line.raise();
        driven = line;
    }

    void lower() {
        if (driven != null) {
            driven.lower();
            driven = null;
        }
    }

    State save() {
        return new State(config, comparator, period, driven != null);
    }

    void restore(State s) {
        config = s.config;
        comparator = s.comparator;
        period = s.period;
    }
}
