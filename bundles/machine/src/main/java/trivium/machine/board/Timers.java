package trivium.machine.board;

import java.util.Arrays;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import trivium.device.VirtualTimer;
import trivium.hostos.HostInfo;

/**
 * The timers of a VM. One thread parks until the earliest deadline and runs what is due; with a
 * counted clock there is no thread and the vCPU calls {@link #runDue} itself. There are few timers,
 * so the earliest is found by looking at all.
 */
public final class Timers implements AutoCloseable {
    private static final long NEVER = Long.MAX_VALUE;
    private static final int MOST_AT_ONCE = 64;
    private static final long PER_INSTRUCTION = Clock.NANOS_PER_INSTRUCTION;

    /** How long the thread leaves a deadline to a helper. */
    private static final long HELPER_NANOS = 200_000;

    private final Clock clock;
    private final Consumer<Throwable> onFailure;
    private final BusThread thread;
    private volatile Timer[] timers = {};

    /** What the thread sleeps for; NEVER while it looks, so that every {@code arm} wakes it. */
    private volatile long wakeAt = NEVER;

    /** A halted vCPU that runs timers itself; null if there is none. */
    private volatile Thread helper;

    /** With a counted clock: ends the vCPU's run, which was to last until a later deadline. */
    private Runnable earlier = () -> {};

    private boolean runningDue;
    private volatile boolean closed;
    private final Object firing = new Object();

    /**
     * @param onFailure told of what a timer's action throws; the timers then stand still
     */
    public Timers(String vm, Clock clock, Consumer<Throwable> onFailure) {
        this.clock = clock;
        this.onFailure = onFailure;
        thread = clock.counted() ? null : new BusThread(this::loop, "trivium-timers-" + vm);
        if (thread != null) {
            thread.start();
        }
    }

    private final class Timer implements VirtualTimer {
        private final Object owner;
        private final Runnable action;
        private volatile long deadline = NEVER;

        Timer(Object owner, Runnable action) {
            this.owner = owner;
            this.action = action;
        }

        @Override
        public void arm(long deadlineNanos) {
            deadline = Math.min(deadlineNanos, NEVER - 1);
            if (deadlineNanos >= wakeAt) {
                return;
            }
            if (thread == null) {
                wakeAt = deadlineNanos;
                if (!runningDue) {
                    earlier.run();
                }
            } else {
                LockSupport.unpark(helper); // null is nobody
                LockSupport.unpark(thread);
            }
        }

        @Override
        public void cancel() {
            deadline = NEVER;
        }

        /** Runs the action unless the timer was armed anew or cancelled meanwhile. */
        void fire(long now) {
            synchronized (owner) {
                if (deadline <= now) {
                    deadline = NEVER;
                    action.run();
                }
            }
        }
    }

    synchronized VirtualTimer add(Object owner, Runnable action) {
        Timer timer = new Timer(owner, action);
        Timer[] more = Arrays.copyOf(timers, timers.length + 1);
        more[more.length - 1] = timer;
        timers = more;
        return timer;
    }

    synchronized void remove(VirtualTimer timer) {
        timer.cancel();
        timers = Arrays.stream(timers).filter(t -> t != timer).toArray(Timer[]::new);
    }

    Clock clock() {
        return clock;
    }

    void setEarlier(Runnable earlier) {
        this.earlier = earlier;
    }

    /**
     * Runs what is due by a counted clock.
     *
     * @return how many instructions may run until the next deadline, at least 1
     */
    public long catchUp() {
        if (clock.nanos() >= wakeAt) {
            runDue();
        }
        long delay = wakeAt - clock.nanos();
        return wakeAt == NEVER ? NEVER : Math.max(1, Math.ceilDiv(delay, PER_INSTRUCTION));
    }

    /** How many instructions may run by a counted clock before a timer is due. */
    public long untilNext() {
        long next = earliest();
        return next == NEVER
                ? NEVER
                : Math.max(0, Math.ceilDiv(next - clock.nanos(), PER_INSTRUCTION));
    }

    /** Disarms all: their owners are about to be restored. */
    public void cancelAll() {
        for (Timer timer : timers) {
            timer.cancel();
        }
    }

    /** The earliest deadline; {@link Long#MAX_VALUE} if none is armed. */
    public long earliest() {
        long earliest = NEVER;
        for (Timer timer : timers) {
            earliest = Math.min(earliest, timer.deadline);
        }
        return earliest;
    }

    /** Runs what is due, the earliest deadline first; a few at most, since actions arm again. */
    public void runDue() {
        long now = clock.nanos();
        runningDue = true;
        Timer due = due(now);
        for (int n = 0; due != null && n < MOST_AT_ONCE; n++) {
            due.fire(now);
            due = due(now);
        }
        runningDue = false;
        if (thread == null) {
            wakeAt = earliest();
        }
    }

    private Timer due(long now) {
        Timer due = null;
        for (Timer timer : timers) {
            if (timer.deadline <= now && (due == null || timer.deadline < due.deadline)) {
                due = timer;
            }
        }
        return due;
    }

    private void wake() {
        if (thread != null) {
            LockSupport.unpark(thread);
        }
    }

    /** To be called when the clock was started. */
    public void resume() {
        wake();
    }

    /** To be called when the clock was stopped: returns when no action runs any more. */
    public void settle() {
        synchronized (firing) {
            wake();
        }
    }

    /**
     * What a halted vCPU does while it waits: parks until the next deadline and runs what is due,
     * which saves waking one thread to wake another. Returns when something may have changed.
     */
    void help() {
        helper = Thread.currentThread();
        try {
            long next = earliest();
            long delay = next - clock.nanos();
            if (next == NEVER || !clock.running()) {
                LockSupport.park(this);
            } else if (delay > 0) {
                LockSupport.parkNanos(this, delay);
            } else {
                fireDue();
            }
        } finally {
            helper = null;
        }
    }

    private void loop() {
        HostInfo.wakeOnTime();
        try {
            while (!closed) {
                wakeAt = NEVER;
                long next = earliest();
                wakeAt = next;
                long delay = next - clock.nanos();
                if (helper != null) {
                    delay += HELPER_NANOS; // only what the helper leaves
                }
                if (next == NEVER || !clock.running()) {
                    wakeAt = NEVER;
                    LockSupport.park(this);
                } else if (delay > 0) {
                    LockSupport.parkNanos(this, delay);
                } else {
                    fireDue();
                }
            }
        } catch (RuntimeException | Error e) {
            onFailure.accept(e);
        }
    }

    private void fireDue() {
        synchronized (firing) {
            if (clock.running() && !closed) {
                runDue();
            }
        }
    }

    @Override
    public void close() {
        closed = true;
        wake();
        if (thread != null && Thread.currentThread() != thread) {
            try {
                thread.join(5000);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
