package trivium.devices.pc.interrupt;

import trivium.device.VirtualClock;
import trivium.device.VirtualTimer;

/**
 * The timer of a local APIC (SDM Vol. 3A "APIC Timer"), clocked at 1 GHz before its divider. The
 * count is computed from the time it was started, so nothing drifts.
 */
final class ApicTimer {
    /** Shortest time between two interrupts, whatever count is programmed. */
    private static final long MIN_INTERVAL_NANOS = 20_000;

    /**
     * Interrupts that the host was late for follow at up to twice the rate; older ones are lost.
     */
    private static final long MAX_LAG_NANOS = 250_000_000;

    /** Saved registers. */
    record State(int initial, int divide, boolean periodic, long start, long due) {}

    private final VirtualClock clock;
    private final VirtualTimer timer;
    private int initial, divide;
    private boolean periodic;
    private long start;

    /** The expiry that comes next, or MAX_VALUE. */
    private long due = Long.MAX_VALUE;

    ApicTimer(VirtualClock clock, VirtualTimer timer) {
        this.clock = clock;
        this.timer = timer;
    }

    void reset() {
        initial = divide = 0;
        periodic = false;
        due = Long.MAX_VALUE;
        timer.cancel();
    }

    /** Divide configuration: 000 is 2, 110 is 128, 111 is 1. */
    private int shift() {
        return (divide & 3 | divide >> 1 & 4) + 1 & 7;
    }

    private long count() {
        return initial & 0xffff_ffffL;
    }

    private long periodNanos() {
        return count() << shift();
    }

    int initial() {
        return initial;
    }

    int divide() {
        return divide;
    }

    int current() {
        if (initial == 0) {
            return 0;
        }
        long elapsed = clock.nanos() - start >>> shift();
        if (elapsed < count()) {
            return (int) (count() - elapsed);
        }
        return periodic ? (int) (count() - elapsed % count()) : 0;
    }

    void setInitial(int value) {
        initial = value;
        start = clock.nanos();
        due = Long.MAX_VALUE;
        arm();
    }

    /** A new divider goes on from the present count. */
    void setDivide(int value) {
        int left = current();
        divide = value & 11;
        if (left != 0) {
            start = clock.nanos() - (count() - (left & 0xffff_ffffL) << shift());
            due = Long.MAX_VALUE;
            arm();
        }
    }

    void setPeriodic(boolean to) {
        if (periodic != to) {
            periodic = to;
            due = Long.MAX_VALUE;
            arm();
        }
    }

    private void arm() {
        long now = clock.nanos();
        if (initial == 0) {
            due = Long.MAX_VALUE;
        } else if (due == Long.MAX_VALUE) {
            long first = start + periodNanos();
            due = first > now || !periodic ? first : nextAfter(now);
            due = due >= now ? due : Long.MAX_VALUE;
        }
        if (due == Long.MAX_VALUE) {
            timer.cancel();
        } else {
            timer.arm(due);
        }
    }

    private long nextAfter(long now) {
        long period = periodNanos();
        return start + ((now - start) / period + 1) * period;
    }

    /**
     * To be called when the virtual timer fires.
     *
     * @return whether the count has reached zero
     */
    boolean expired() {
        long now = clock.nanos();
        if (due == Long.MAX_VALUE || now < due) {
            arm();
            return false;
        }
        if (!periodic) {
            due = Long.MAX_VALUE;
            return true;
        }
        long period = periodNanos();
        due = now - due > MAX_LAG_NANOS ? nextAfter(now) : due + period;
        timer.arm(Math.max(due, now + Math.max(MIN_INTERVAL_NANOS, period / 2)));
        return true;
    }

    State save() {
        return new State(initial, divide, periodic, start, due);
    }

    void restore(State s) {
        initial = s.initial;
        divide = s.divide;
        periodic = s.periodic;
        start = s.start;
        due = s.due;
        if (due == Long.MAX_VALUE) {
            timer.cancel();
        } else {
            timer.arm(due);
        }
    }
}
