package trivium.device;

import org.osgi.annotation.versioning.ConsumerType;

/**
 * Provided by each interrupt controller on the board; the machine joins them: ISA lines go to the
 * "pic" and the "ioapic", and the vCPU asks its local APIC, then the PIC, for a vector.
 */
@ConsumerType
public interface InterruptController {
    /** Input level. Lines out of range are ignored. */
    void setLine(int line, boolean asserted);
}
