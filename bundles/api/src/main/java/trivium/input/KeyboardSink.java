package trivium.input;

import org.osgi.annotation.versioning.ConsumerType;

/** Takes key strokes for the guest. Any thread; queues and never blocks. */
@ConsumerType
public interface KeyboardSink {
    /**
     * One scancode byte sequence of set 1, as on the wire: {@code 0x1e} for A pressed, {@code 0x9e}
     * released, {@code 0xe0, 0x4d} for Right.
     *
     * @return false if the queue is full and nothing was taken
     */
    boolean scancodes(byte... set1);

    /** Lock lights the guest set: bit 0 Scroll, 1 Num, 2 Caps. */
    int leds();
}
