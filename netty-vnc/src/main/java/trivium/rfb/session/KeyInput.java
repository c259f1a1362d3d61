package trivium.rfb.session;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import trivium.input.KeyboardSink;
import trivium.input.UsKeyboard;
import trivium.input.UsKeyboard.Key;

/**
 * One viewer's keyboard. Key codes go to the guest as they are; keysyms go through the US layout,
 * with Shift pressed or released around a key where the viewer's layout differs. Event loop only.
 */
final class KeyInput {
    private static final int CAPS_LED = 4;
    private static final Set<Integer> SHIFTS =
            Set.of(UsKeyboard.LEFT_SHIFT, UsKeyboard.RIGHT_SHIFT);

    /** Either Control and either Alt: shortcuts are sent as they come. */
    private static final Set<Integer> COMMAND_KEYS = Set.of(0x1d, 0xe01d, 0x38, 0xe038);

    private final KeyQueue queue;
    private final Supplier<Optional<KeyboardSink>> keyboard;
    private final Map<Integer, Integer> codeByKeysym = new HashMap<>();
    private final Set<Integer> pressed = new LinkedHashSet<>();

    KeyInput(KeyQueue queue, Supplier<Optional<KeyboardSink>> keyboard) {
        this.queue = queue;
        this.keyboard = keyboard;
    }

    /** QEMU Extended Key Event: the position of a key, whatever it means. */
    void keycode(boolean down, int keysym, int keycode) {
        int code = fromQemu(keycode);
        if (code != 0) {
            change(down, code);
        } else if (keysym != 0) {
            keysym(down, keysym);
        }
    }

    private int fromQemu(int keycode) {
        return switch (keycode) {
            case 0x54, 0xb7 -> UsKeyboard.PRINT_SCREEN;
            // With Control held the key is Break, which has codes of its own.
            case 0xc6 -> controlDown() ? UsKeyboard.BREAK : UsKeyboard.PAUSE;
            default ->
                    keycode < 1 || keycode > 0xff
                            ? 0
                            : keycode < 0x80 ? keycode : 0xe000 | keycode & 0x7f;
        };
    }

    private boolean controlDown() {
        return pressed.contains(0x1d) || pressed.contains(0xe01d);
    }

    void keysym(boolean down, int keysym) {
        if (!down) {
            releaseKeysym(keysym);
            return;
        }
        Keysyms.key(keysym).ifPresent(key -> pressKeysym(keysym, key));
    }

    private void pressKeysym(int keysym, Key key) {
        if (codeByKeysym.size() < 256) { // no keyboard has more keys
            codeByKeysym.put(keysym, key.code());
        }
        boolean wanted = key.shift() ^ (Keysyms.isLetter(keysym) && capsLock());
        boolean asIs = !Keysyms.isCharacter(keysym) && !key.shift() || keysym == ' ';
        if (asIs || shortcut() || wanted == shiftDown()) {
            change(true, key.code());
        } else if (wanted) {
            queue.press(UsKeyboard.press(UsKeyboard.LEFT_SHIFT));
            change(true, key.code());
            queue.release(UsKeyboard.release(UsKeyboard.LEFT_SHIFT));
        } else {
            List<Integer> held = pressed.stream().filter(SHIFTS::contains).toList();
            held.forEach(code -> queue.release(UsKeyboard.release(code)));
            change(true, key.code());
            held.forEach(code -> queue.press(UsKeyboard.press(code)));
        }
    }

    private boolean capsLock() {
        return keyboard.get().map(k -> (k.leds() & CAPS_LED) != 0).orElse(false);
    }

    private boolean shiftDown() {
        return pressed.stream().anyMatch(SHIFTS::contains);
    }

    private boolean shortcut() {
        return pressed.stream().anyMatch(COMMAND_KEYS::contains);
    }

    /** What a keysym pressed is what it releases, though Shift may have changed in between. */
    private void releaseKeysym(int keysym) {
        Integer code = codeByKeysym.remove(keysym);
        if (code == null) {
            code = Keysyms.key(keysym).map(Key::code).orElse(0);
        }
        change(false, code);
    }

    private void change(boolean down, int code) {
        if (!down) {
            if (pressed.remove(code)) {
                queue.release(UsKeyboard.release(code));
            }
        } else if (queue.press(UsKeyboard.press(code))) {
            pressed.add(code);
        }
    }

    /** Ctrl+Alt+Del, which asks a guest to restart. */
    void restartChord() {
        List.of(0x1d, 0x38, 0xe053).forEach(code -> queue.press(UsKeyboard.press(code)));
        List.of(0xe053, 0x38, 0x1d).forEach(code -> queue.release(UsKeyboard.release(code)));
    }

    /** Lets go of everything: the viewer is gone. */
    void releaseAll() {
        new ArrayList<>(pressed).forEach(code -> change(false, code));
        codeByKeysym.clear();
    }

    /** Types a text; characters without a key are left out. */
    void type(String text) {
        String typeable =
                text.codePoints()
                        .filter(c -> UsKeyboard.forCharacter(c).isPresent())
                        .collect(
                                StringBuilder::new,
                                StringBuilder::appendCodePoint,
                                StringBuilder::append)
                        .toString();
        queue.type(UsKeyboard.text(typeable));
    }
}
