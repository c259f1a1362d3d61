package trivium.device;

import org.osgi.annotation.versioning.ConsumerType;

/**
 * Provided by the latch between the CPU's FERR# pin and IRQ 13: how a PC reports x87 errors while
 * CR0.NE is clear.
 */
@ConsumerType
public interface CoprocessorError {
    /** FERR#: may be told the level it already has. */
    void ferr(boolean asserted);
}
