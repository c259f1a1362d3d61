package trivium.device;

import org.osgi.annotation.versioning.ConsumerType;
import trivium.cpu.LocalApic;

/** The local APICs of a VM. Provided through {@link Platform#provide} by the model "lapic". */
@ConsumerType
public interface ApicBus {
    /** The APIC of vCPU {@code index}. */
    LocalApic apic(int index);

    /** Connects a vCPU: called by the machine before it runs. */
    void connect(int index, Target target);

    /**
     * Delivers a message, from an IO-APIC or an MSI write (SDM Vol. 3A "Message Address Register
     * Format").
     */
    void deliver(int destination, boolean logical, int deliveryMode, int vector, boolean level);

    /** Level-triggered end-of-interrupt broadcasts go to these. */
    void addEoiListener(java.util.function.IntConsumer vector);

    /** The IO-APIC that added it is about to be removed. */
    default void removeEoiListener(java.util.function.IntConsumer vector) {}

    /** Whether vCPU {@code index} has a deliverable interrupt. */
    boolean interruptPending(int index);

    /** Acknowledges the highest one. @return vector or -1 */
    int acknowledge(int index);

    /**
     * Whether LINT0 of vCPU {@code index} passes the PIC's INT through (ExtINT, or APIC disabled).
     */
    boolean acceptsPic(int index);

    /** The PIC's INT output, wired to LINT0 of every APIC. */
    void setPicLine(boolean asserted);

    /** What an APIC does to its vCPU. Called on any thread, possibly with the APIC's lock held. */
    interface Target {
        /** The set of deliverable interrupts changed: ask {@link #interruptPending} again. */
        void update();

        void nmi();

        void init();

        void sipi(int vector);
    }
}
