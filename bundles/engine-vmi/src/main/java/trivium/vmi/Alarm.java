package trivium.vmi;

import trivium.device.VirtualClock;
import trivium.device.VirtualTimer;

/**
 * One alarm of one vCPU. Times are cycles, which are nanoseconds, of the counter that the alarm
 * follows: the real one, or what is left of it when stolen cycles are taken off. The device's
 * monitor is held.
 */
final class Alarm {
    static final int COUNTER = 0xff, PERIODIC = 1 << 8, LOCAL_APIC = 1 << 16;

    /** Between two of a series, so that a guest has time to do something else. */
    private static final long LEAST_NANOS = 20_000;

    /** Saved registers. */
    record State(boolean armed, int flags, long expiry, long period) {}

    /** Cycles that a vCPU lost so far. */
    interface Stolen {
        long cycles();
    }

    private final VirtualClock clock;
    private final VirtualTimer timer;
    private final Stolen stolen;
    private boolean armed;
    private int flags;
    private long expiry, period;

    /**
     * @param stolen what this alarm's counter lacks
     */
    Alarm(VirtualClock clock, VirtualTimer timer, Stolen stolen) {
        this.clock = clock;
        this.timer = timer;
        this.stolen = stolen;
    }

    /**
     * @param flags as the guest gave them
     * @param delta cycles of the counter from now to the expiry; it may be past
     * @param period cycles; 0: it comes once
     */
    void set(int flags, long delta, long period) {
        this.flags = flags;
        this.period = (flags & PERIODIC) == 0 ? 0 : period;
        expiry = saturated(now(), delta);
        armed = true;
        timer.cancel();
    }

    private static long saturated(long a, long b) {
        long sum = a + b;
        return ((a ^ sum) & (b ^ sum)) < 0 ? b < 0 ? Long.MIN_VALUE : Long.MAX_VALUE : sum;
    }

    private long now() {
        return clock.nanos() - stolen.cycles();
    }

    /**
     * @return whether it was armed
     */
    boolean cancel() {
        boolean was = armed;
        armed = false;
        timer.cancel();
        return was;
    }

    int flags() {
        return flags;
    }

    /**
     * Looks whether it is time, and arms the timer for the next expiry if there is one.
     *
     * @return whether the alarm goes off
     */
    boolean due() {
        if (!armed) {
            return false;
        }
        long now = now();
        boolean due = expiry <= now;
        long least = 0;
        if (due) {
            least = LEAST_NANOS;
            next(now);
        }
        arm(least);
        return due;
    }

    private void arm(long least) {
        if (armed && expiry != Long.MAX_VALUE) {
            long ahead = Math.max(least, saturated(expiry, -now()));
            timer.arm(saturated(clock.nanos(), ahead));
        }
    }

    /** The first of the series that is still to come: those that were missed are one. */
    private void next(long now) {
        if (period == 0) {
            armed = false;
            return;
        }
        long periods = Long.divideUnsigned(now - expiry, period) + 1;
        long ahead = expiry + periods * period;
        expiry = period < 0 || ahead <= now ? Long.MAX_VALUE : ahead;
    }

    State save() {
        return new State(armed, flags, expiry, period);
    }

    void restore(State s) {
        armed = s.armed;
        flags = s.flags;
        expiry = s.expiry;
        period = s.period;
        timer.cancel();
        arm(0);
    }
}
