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

    /** Guest instructions retired since this runner was attached. From any thread; may lag. */
    long instructions();

    /**
     * Counters by name, for statistics. From any thread; may lag. These mean the same in every
     * engine that has them: "blocks-translated" (since attached), "blocks-cached" (now),
     * "cache-bytes" and "cache-capacity-bytes" (of host code, now), "cache-flushes", "chain-links"
     * (jumps led straight to their target's code), "jump-hits" and "jump-misses" (of indirect jumps
     * and returns looked up), "instructions-native" (retired in translated code), and "exit-CAUSE"
     * (returns from translated code).
     */
    java.util.Map<String, Long> counters();

    /** Drops caches, loses nothing. */
    @Override
    void close();
}
