package trivium.device;

import org.osgi.annotation.versioning.ConsumerType;

/** The 8259A pair as the rest of the board sees it. Provided through {@link Platform#provide}. */
@ConsumerType
public interface IsaPic extends InterruptController {
    /** Whether INT is asserted now. */
    boolean interruptAsserted();

    /** The acknowledge cycle. @return the vector; the spurious one (IR7) if nothing is pending */
    int acknowledge();

    /** Told on each change of the INT output, with the PIC's monitor held. */
    void setOutput(trivium.bus.IrqLine output);
}
