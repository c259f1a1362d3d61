package trivium.rfb.session;

import java.util.Optional;
import java.util.function.Supplier;
import trivium.input.PointerSink;
import trivium.rfb.protocol.ClientMessage;

/**
 * One viewer's pointer. Motion is held back until {@link #flush}, so that a flood of it becomes one
 * movement; a change of buttons never waits. Event loop only.
 */
final class PointerInput {
    private static final int BUTTONS = 7, WHEEL_UP = 8, WHEEL_DOWN = 16;
    private static final int RANGE = 0x7fff;

    /** QEMU Pointer Motion Change: what a relative position of zero is sent as. */
    private static final int BIAS = 0x7fff;

    private final Supplier<Optional<PointerSink>> pointer;
    private int width = 1;
    private int height = 1;
    private volatile boolean deltas;

    private int buttons;
    private int x = -1;
    private int y;
    private int moveX;
    private int moveY;
    private boolean pending;

    PointerInput(Supplier<Optional<PointerSink>> pointer) {
        this.pointer = pointer;
    }

    /** The viewer was told to send movements instead of positions, or the reverse. */
    void expectDeltas(boolean on) {
        deltas = on;
    }

    void event(ClientMessage.Pointer event, int screenWidth, int screenHeight) {
        width = screenWidth;
        height = screenHeight;
        if (event.buttons() != buttons) {
            flush();
        }
        if (deltas) {
            moveX += event.x() - BIAS;
            moveY += event.y() - BIAS;
        } else {
            moveTo(Math.min(event.x(), width - 1), Math.min(event.y(), height - 1));
        }
        pending = true;
        if (event.buttons() != buttons) {
            int pressed = event.buttons() & ~buttons;
            buttons = event.buttons();
            send((pressed & WHEEL_UP) != 0 ? 1 : (pressed & WHEEL_DOWN) != 0 ? -1 : 0);
        }
    }

    private void moveTo(int newX, int newY) {
        if (x >= 0) { // the first position says nothing of movement
            moveX += newX - x;
            moveY += newY - y;
        }
        x = newX;
        y = newY;
    }

    /** Hands over the motion held back. */
    void flush() {
        if (pending) {
            send(0);
        }
    }

    private void send(int wheel) {
        int dx = moveX;
        int dy = moveY;
        moveX = 0;
        moveY = 0;
        pending = false;
        pointer.get().ifPresent(sink -> send(sink, dx, dy, wheel));
    }

    private void send(PointerSink sink, int dx, int dy, int wheel) {
        boolean positions = !deltas && x >= 0;
        if (positions && sink.absolute()) {
            sink.moveTo(scale(x, width), scale(y, height), buttons & BUTTONS, wheel);
        } else if (positions) {
            int pushedX = dx + push(x, width), pushedY = dy + push(y, height);
            sink.moveBy(pushedX, pushedY, buttons & BUTTONS, wheel);
        } else {
            sink.moveBy(dx, dy, buttons & BUTTONS, wheel);
        }
    }

    /**
     * More movement for a viewer's pointer that stopped at a border: the guest's, which goes astray
     * where the guest accelerates it, meets it there.
     */
    private static int push(int position, int size) {
        return position == 0 ? -size : position == size - 1 ? size : 0;
    }

    private static int scale(int position, int size) {
        return size < 2 ? 0 : Math.min(position, size - 1) * RANGE / (size - 1);
    }

    /** Lets go of the buttons: the viewer is gone. */
    void releaseAll() {
        if ((buttons & BUTTONS) != 0) {
            buttons = 0;
            send(0);
        }
    }
}
