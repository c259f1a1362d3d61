package trivium.device;

import org.osgi.annotation.versioning.ConsumerType;

/** Provided by a memory balloon: takes memory from a guest while it runs. */
@ConsumerType
public interface Balloon {
    /** Asks the guest to do without so much; it may take its time, or not follow. */
    void setTarget(long bytes);

    /** What it was asked for last. */
    long targetBytes();

    /** What the guest does without now, as its driver says. */
    long takenBytes();
}
