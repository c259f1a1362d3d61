package trivium.cpu;

import org.osgi.annotation.versioning.ProviderType;

/** The parts of a vCPU's local APIC that instructions reach without MMIO. */
@ProviderType
public interface LocalApic {
    /** APIC id as CPUID reports it. */
    int id();

    /**
     * Called when the guest writes IA32_APIC_BASE (SDM Vol. 3A "Local APIC Status and Location").
     */
    void setBase(long apicBaseMsr);

    /** Task priority class, 0 to 15: CR8. */
    int taskPriority();

    void setTaskPriority(int priorityClass);

    /** Called on RESET and INIT of the vCPU. */
    void reset();

    /**
     * What this vCPU would read at an offset into the APIC's page of registers, for hypercalls that
     * stand for such accesses. A device may call it with its own monitor held.
     */
    default int readRegister(int offset) {
        return -1;
    }

    /** The same for a write, end-of-interrupt and inter-processor interrupts included. */
    default void writeRegister(int offset, int value) {}

    /** Raises the interrupt of the LVT's timer entry, unless that is masked: for other timers. */
    default void timerInterrupt() {}

    /** A vCPU without one: 8086 to i386. */
    LocalApic NONE =
            new LocalApic() {
                @Override
                public int id() {
                    return 0;
                }

                @Override
                public void setBase(long apicBaseMsr) {}

                @Override
                public int taskPriority() {
                    return 0;
                }

                @Override
                public void setTaskPriority(int priorityClass) {}

                @Override
                public void reset() {}
            };
}
