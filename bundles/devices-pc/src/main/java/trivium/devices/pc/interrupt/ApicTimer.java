package trivium.devices.pc.interrupt;

import trivium.device.VirtualClock;
import trivium.device.VirtualTimer;
import trivium.devices.pc.Lateness;

/**
 * The timer of a local APIC (SDM Vol. 3A "APIC Timer"), clocked at 1 GHz before its divider. The
 * count is computed from the time it was started, so nothing drifts.
 */
final class ApicTimer {
    /** Saved registers. */
    record State(
            int initial, int divide, boolean periodic, boolean running, long start, long due) {}

    private final VirtualClock clock;
    private final VirtualTimer timer;
    private int initial, divide;
    private boolean periodic;

    /** Not yet down to zero for good. */
    private boolean running;

    private long start;

    /** The expiry that comes next, or MAX_VALUE. */
    private long due = Long.MAX_VALUE;

    ApicTimer(VirtualClock clock, VirtualTimer timer) {
        this.clock = clock;
        this.timer = timer;
    }

    void reset() {
        initial = divide = 0;
        periodic = running = false;
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
        if (!running) {
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
        running = value != 0;
        arm();
    }

    void setDivide(int value) {
        int left = current();
        divide = value & 11;
        goOnFrom(left);
    }

    void setPeriodic(boolean to) {
        if (periodic != to) {
            int left = current();
            periodic = to;
            goOnFrom(left);
        }
    }

    /** A count that has come to zero stays there until a new one is written. */
    private void goOnFrom(int left) {
        running = left != 0;
        start = clock.nanos() - (count() - (left & 0xffff_ffffL) << shift());
        arm();
    }

    private void arm() {
        due = running ? start + periodNanos() : Long.MAX_VALUE;
        if (running) {
            timer.arm(due);
        } else {
            timer.cancel();
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
            return false;
        }
        if (!periodic) {
            running = false;
            due = Long.MAX_VALUE;
            return true;
        }
        long period = periodNanos();
        due = now - due > Lateness.MAX_LAG_NANOS ? nextAfter(now) : due + period;
        timer.arm(Lateness.next(due, now, period));
        return true;
    }

    State save() {
        return new State(initial, divide, periodic, running, start, due);
    }

    void restore(State s) {
        initial = s.initial;
        divide = s.divide;
        periodic = s.periodic;
        running = s.running;
        start = s.start;
        due = s.due;
        if (due == Long.MAX_VALUE) {
            timer.cancel();
        } else {
            timer.arm(due);
        }
    }
}
