package trivium.cpu;

import org.osgi.annotation.versioning.ConsumerType;

/** One engine attached to one vCPU. */
@ConsumerType
public interface VcpuRunner extends AutoCloseable {
    /**
     * Runs the vCPU on its own thread until there is something for the machine to do; returns with
     * the state complete and exact, at an instruction boundary. Returns {@link VcpuExit.Kicked}
     * soon after the vCPU's KICK bit was set, having taken it. A HLT returns {@link
     * VcpuExit.Halted}: the machine waits until something is pending and calls again.
     */
    VcpuExit run();

    /** Executes exactly one instruction (or takes one interrupt) and returns null, or an exit. */
    VcpuExit step();

    /**
     * Runs a number of instructions and returns null after exactly that many, or earlier with an
     * exit: for time that is counted in instructions. It is the same in every engine, so that runs
     * can be repeated and engines compared:
     *
     * <ul>
     *   <li>An instruction counts when it is completed; one that faults does not, and a repeated
     *       string instruction counts once, with its last iteration.
     *   <li>An event that an instruction raises (a device's interrupt, a kick) is taken right after
     *       that instruction, or after the iteration of a repeated one.
     *   <li>Events that wait when the last instruction is done are left to the next run.
     *   <li>Whenever an instruction reaches out of the CPU (ports, MMIO, the time-stamp counter)
     *       {@link #instructions} tells those completed before it.
     * </ul>
     *
     * @param instructions at least 1
     */
    default VcpuExit run(long instructions) {
        long end = instructions() + instructions;
        VcpuExit exit = null;
        while (exit == null && (end < 0 || instructions() < end)) {
            exit = step();
        }
        return exit;
    }

    /**
     * The state is another than the last run left only by what the guest's own code did elsewhere,
     * without flushing a TLB: what is cached of its page tables is still good at the next run. On
     * the vCPU's thread.
     */
    default void wentOnElsewhere() {}

    /**
     * Something became pending ({@link Vcpu#pending}) or changed elsewhere: a runner that does not
     * look by itself while the guest runs must do so now. On any thread; must not block.
     */
    default void kick() {}

    /**
     * Guest instructions retired since this runner was attached. From any thread; may lag but on
     * the vCPU's own, see {@link #run(long)}.
     */
    long instructions();

    /**
     * Counters by name, for statistics. From any thread; may lag. These mean the same in every
     * engine that has them: "blocks-translated" (since attached), "translations-cached",
     * "cache-bytes" and "cache-capacity-bytes" (of host code, now), "cache-flushes", "chain-links"
     * (jumps led straight to their target's code), "instructions-native" (retired in translated
     * code), "native-entries" (into it), "exit-CAUSE" (out of it) and "interpreted-WHAT"
     * (instructions that it left to an interpreter).
     */
    java.util.Map<String, Long> counters();

    /** Drops caches, loses nothing. */
    @Override
    void close();
}
