package trivium.devices.pc.input;

import trivium.input.PointerSink;

/**
 * The absolute mouse behind VMware's backdoor: a queue of 32-bit words, four an event (buttons, x
 * and y from 0 to FFFFh across the screen, wheel), that the guest's driver empties when a PS/2
 * packet comes. Off until the guest asks for it. Its owner's monitor guards it.
 */
final class VmMouse {
    static final int VERSION = 0x3442_554a, ERROR = 0xffff_0000;
    private static final int ENABLE = 0x4541_4552, DISABLE = 0xf5;
    private static final int REQUEST_RELATIVE = 0x4c45_5252, REQUEST_ABSOLUTE = 0x5342_4152;
    private static final int LEFT = 0x20, RIGHT = 0x10, MIDDLE = 8;
    private static final int WORDS = 1024, EVENT = 4;

    /** Saved state: the words not read yet, oldest first. */
    record State(boolean enabled, boolean absolute, boolean mergeable, int[] words) {}

    private final int[] ring = new int[WORDS];
    private int head, size;
    private boolean enabled, absolute;

    /** The newest words are an event of mere movement that the guest has not begun to read. */
    private boolean mergeable;

    void reset() {
        enabled = absolute = false;
        clear();
    }

    private void clear() {
        size = 0;
        mergeable = false;
    }

    boolean active() {
        return enabled && absolute;
    }

    /** ABSPOINTER_COMMAND. @return whether there is such a command */
    boolean command(int command) {
        switch (command) {
            case ENABLE -> {
                enabled = true;
                clear();
                add(VERSION); // how the guest knows that there is a mouse
            }
            case DISABLE -> reset();
            case REQUEST_RELATIVE -> absolute = false;
            case REQUEST_ABSOLUTE -> absolute = true;
            default -> {
                return false;
            }
        }
        return true;
    }

    /** ABSPOINTER_STATUS. @return the number of words that wait, or {@link #ERROR} */
    int status() {
        return enabled ? size : ERROR;
    }

    /**
     * ABSPOINTER_DATA: takes words off the queue.
     *
     * @return whether so many wait; if not the mouse is off and must be enabled again
     */
    boolean data(int[] into, int count) {
        if (!enabled || count < 1 || count > into.length || count > size) {
            reset();
            return false;
        }
        for (int i = 0; i < count; i++) {
            into[i] = ring[head];
            head = (head + 1) % WORDS;
            size--;
        }
        mergeable &= size >= EVENT;
        return true;
    }

    /** From a viewer: see {@link PointerSink#moveTo}. */
    void moveTo(int x, int y, int pointerButtons, int wheel) {
        int buttons =
                ((pointerButtons & PointerSink.LEFT) != 0 ? LEFT : 0)
                        | ((pointerButtons & PointerSink.RIGHT) != 0 ? RIGHT : 0)
                        | ((pointerButtons & PointerSink.MIDDLE) != 0 ? MIDDLE : 0);
        boolean replace = mergeable && wheel == 0 && newestButtons() == buttons;
        if (replace) {
            size -= EVENT;
        } else if (size > WORDS - EVENT) {
            return;
        }
        add(buttons);
        add(wide(x));
        add(wide(y));
        add(Math.clamp(-(long) wheel, -127, 127)); // away from the user is negative here
        mergeable = wheel == 0;
    }

    /** The first word of the newest event. */
    private int newestButtons() {
        return ring[(head + size - EVENT) % WORDS];
    }

    private static int wide(int position) {
        int p = Math.clamp(position, 0, 0x7fff);
        return p << 1 | p >> 14;
    }

    private void add(int word) {
        ring[(head + size++) % WORDS] = word;
    }

    State save() {
        int[] words = new int[size];
        for (int i = 0; i < size; i++) {
            words[i] = ring[(head + i) % WORDS];
        }
        return new State(enabled, absolute, mergeable, words);
    }

    void restore(State s) {
        if (s.words.length > WORDS) {
            throw new IllegalArgumentException("state has " + s.words.length + " words");
        }
        reset();
        for (int word : s.words) {
            add(word);
        }
        enabled = s.enabled;
        absolute = s.absolute;
        mergeable = s.mergeable && size >= EVENT;
    }
}
