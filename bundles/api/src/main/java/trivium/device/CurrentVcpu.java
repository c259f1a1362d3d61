package trivium.device;

import trivium.cpu.VcpuState;

/**
 * Which vCPU an access comes from: all local APICs answer at one address, and a few ports take
 * their parameters in general registers. A vCPU thread binds itself once, when it starts; every
 * other thread counts as vCPU 0 without registers.
 */
public final class CurrentVcpu {
    private record Bound(int index, long[] gpr) {}

    private static final ThreadLocal<Bound> BOUND = new ThreadLocal<>();

    private CurrentVcpu() {}

    /** Binds an index alone: a vCPU without registers, as in tests. */
    public static void bind(int index) {
        BOUND.set(new Bound(index, null));
    }

    /** Called by the machine on the vCPU's own thread before anything runs there. */
    public static void bind(int index, VcpuState state) {
        BOUND.set(new Bound(index, state.gpr));
    }

    public static int index() {
        Bound bound = BOUND.get();
        return bound == null ? 0 : bound.index;
    }

    /**
     * The general registers of the vCPU that executes an IN of four bytes right now, as {@link
     * VcpuState#gpr} has them. Engines put them there before such an IN and take them from there
     * after it, then set EAX to what was read. During any other access they may be stale.
     *
     * @return null if the access does not come from a vCPU
     */
    public static long[] registers() {
        Bound bound = BOUND.get();
        return bound == null ? null : bound.gpr;
    }
}
