package trivium.cpu;

import java.util.Optional;
import java.util.OptionalLong;
import org.osgi.annotation.versioning.ProviderType;
import trivium.bus.PortIo;
import trivium.memory.PhysicalMemory;

/** One virtual CPU of a VM, as engines see it: its state and what surrounds it. */
@ProviderType
public interface Vcpu {
    /** Bits of {@link #pending}. */
    int INTR = 1 << 0, NMI = 1 << 1, INIT = 1 << 2, SIPI = 1 << 3, KICK = 1 << 4;

    /** A bit of the pending word that the engine sets and takes for its own ends. */
    int ENGINE = 1 << 16;

    int index();

    /** The truth about this vCPU whenever no engine runs it. */
    VcpuState state();

    CpuModel model();

    PhysicalMemory memory();

    PortIo ports();

    LocalApic apic();

    /**
     * What asks for this vCPU's attention, as a set of the bits above. A volatile read, cheap
     * enough for every block boundary. INTR stays set while an interrupt line is asserted, whether
     * or not the guest accepts interrupts.
     */
    int pending();

    /**
     * The host address of the 32-bit word that {@link #pending} reads, for native code to poll, and
     * for engines to set {@link #ENGINE} atomically; it stays valid while this vCPU is reachable.
     */
    long pendingHva();

    /**
     * Takes an event bit (NMI, INIT, SIPI, KICK) off the set.
     *
     * @return whether it was set
     */
    boolean take(int bit);

    /** The vector of the pending start-up IPI: execution starts at {@code vector << 12}. */
    int sipiVector();

    /**
     * The interrupt acknowledge cycle.
     *
     * @return the vector to deliver, or -1 if nothing is asserted any more
     */
    int acknowledgeInterrupt();

    /**
     * FERR#: whether an unmasked x87 exception is pending while CR0.NE is clear. A PC leads it to
     * IRQ 13 by way of the latch that port F0 clears. May be called with the level it already has.
     */
    default void ferr(boolean asserted) {}

    /**
     * An engine that can run anything, for what the one attached cannot run itself; empty if there
     * is none.
     */
    default Optional<ExecutionEngine> softwareEngine() {
        return Optional.empty();
    }

    /** Called by the engine when the guest executes HLT, before run() returns: for statistics. */
    void onHalt();

    /** The guest's time-stamp counter, without {@code tscOffset}. */
    long tsc();

    /**
     * How {@link #tsc} follows the host's clock: what it has more than {@link System#nanoTime}, as
     * long as this vCPU runs. Empty if it does not follow it.
     */
    default OptionalLong tscAheadOfHost() {
        return OptionalLong.empty();
    }

    /**
     * Waits, for HLT and friends, until {@link #pending} is not zero. Bound to the vCPU's thread.
     */
    void awaitPending() throws InterruptedException;
}
