package trivium.rfb.session;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import trivium.input.UsKeyboard;
import trivium.input.UsKeyboard.Key;

/** X11 keysyms (keysymdef.h) as keys of a US keyboard. */
final class Keysyms {
    static final int SHIFT_L = 0xffe1, SHIFT_R = 0xffe2;
    private static final int ISO_LEFT_TAB = 0xfe20;
    private static final int UNICODE = 0x0100_0000;

    private static final Map<Integer, Integer> CODES = codes();

    private Keysyms() {}

    /** The key for a keysym; characters say whether Shift goes with it. */
    static Optional<Key> key(int keysym) {
        if (keysym == ISO_LEFT_TAB) {
            return Optional.of(new Key(0x0f, true));
        }
        return isCharacter(keysym)
                ? UsKeyboard.forCharacter(keysym & 0xff_ffff)
                : Optional.ofNullable(CODES.get(keysym)).map(code -> new Key(code, false));
    }

    /** Latin-1 and Unicode keysyms: what they type depends on Shift. */
    static boolean isCharacter(int keysym) {
        return keysym >= 0x20 && keysym <= 0xff || keysym >>> 24 == UNICODE >>> 24;
    }

    static boolean isLetter(int keysym) {
        int c = keysym & 0xff_ffff;
        return isCharacter(keysym) && (c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z');
    }

    // spotless:off
    private static Map<Integer, Integer> codes() {
        var map = new HashMap<Integer, Integer>();
        put(map, "backspace", 0xff08);
        put(map, "tab",       0xff09, 0xff89);
        put(map, "enter",     0xff0d, 0xff0a);
        put(map, "pause",     0xff13);
        put(map, "break",     0xff6b);
        put(map, "scrolllock", 0xff14);
        put(map, "sysrq",     0xff15, 0xff61);
        put(map, "esc",       0xff1b);
        put(map, "home",      0xff50);
        put(map, "left",      0xff51);
        put(map, "up",        0xff52);
        put(map, "right",     0xff53);
        put(map, "down",      0xff54);
        put(map, "pageup",    0xff55);
        put(map, "pagedown",  0xff56);
        put(map, "end",       0xff57);
        put(map, "insert",    0xff63);
        put(map, "delete",    0xffff);
        put(map, "menu",      0xff67);
        put(map, "numlock",   0xff7f);
        put(map, "space",     0xff80);
        put(map, "kpenter",   0xff8d);
        put(map, "kp7",       0xff95, 0xffb7);
        put(map, "kp4",       0xff96, 0xffb4);
        put(map, "kp8",       0xff97, 0xffb8);
        put(map, "kp6",       0xff98, 0xffb6);
        put(map, "kp2",       0xff99, 0xffb2);
        put(map, "kp9",       0xff9a, 0xffb9);
        put(map, "kp3",       0xff9b, 0xffb3);
        put(map, "kp1",       0xff9c, 0xffb1);
        put(map, "kp5",       0xff9d, 0xffb5);
        put(map, "kp0",       0xff9e, 0xffb0);
        put(map, "kpdot",     0xff9f, 0xffae, 0xffac);
        put(map, "kpmultiply", 0xffaa);
        put(map, "kpplus",    0xffab);
        put(map, "kpminus",   0xffad);
        put(map, "kpdivide",  0xffaf);
        put(map, "equal",     0xffbd);
        for (int f = 1; f <= 12; f++) {
            put(map, "f" + f, 0xffbd + f);
        }
        put(map, "lshift",    SHIFT_L);
        put(map, "rshift",    SHIFT_R);
        put(map, "lctrl",     0xffe3);
        put(map, "rctrl",     0xffe4);
        put(map, "capslock",  0xffe5, 0xffe6);
        put(map, "lalt",      0xffe9, 0xffe7);
        put(map, "ralt",      0xffea, 0xffe8);
        put(map, "lwin",      0xffeb);
        put(map, "rwin",      0xffec);
        return map;
    }
    // spotless:on

    private static void put(Map<Integer, Integer> map, String name, int... keysyms) {
        int code = UsKeyboard.forName(name).orElseThrow();
        for (int keysym : keysyms) {
            map.put(keysym, code);
        }
    }
}
