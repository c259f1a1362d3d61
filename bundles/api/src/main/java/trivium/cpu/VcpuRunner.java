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
     * Counters by name, for statistics: exits by cause, blocks, cache use. From any thread; may
     * lag.
     */
    java.util.Map<String, Long> counters();

    /** Drops caches, loses nothing. */
    @Override
    void close();
}
