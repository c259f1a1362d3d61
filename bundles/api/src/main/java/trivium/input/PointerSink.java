package trivium.input;

import org.osgi.annotation.versioning.ConsumerType;

/** Takes pointer movement for the guest. Any thread; queues and never blocks. */
@ConsumerType
public interface PointerSink {
    int LEFT = 1, MIDDLE = 2, RIGHT = 4;

    /**
     * Whether {@link #moveTo} places the guest's pointer exactly. This may change as the guest's
     * drivers come and go; of several pointers a VM uses the last one that says yes, or the first.
     */
    boolean absolute();

    /**
     * @param x 0 to 32767 across the screen, likewise y; buttons as a set of the bits above
     */
    void moveTo(int x, int y, int buttons, int wheel);

    /** Movement in pixels, y down; wheel in notches, away from the user positive. */
    void moveBy(int dx, int dy, int buttons, int wheel);
}
