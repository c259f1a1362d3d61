package trivium.input;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A 104-key US keyboard: turns text and key names into scancode sequences of set 1, each of them
 * one call of {@link KeyboardSink#scancodes}. Codes as in the IBM PS/2 Technical Reference,
 * "Keyboards (101- and 102-Key)"; 0xe0xx is a key with the E0 prefix.
 */
public final class UsKeyboard {
    public static final int LEFT_SHIFT = 0x2a,
            RIGHT_SHIFT = 0x36,
            LEFT_CTRL = 0x1d,
            LEFT_ALT = 0x38;
    public static final int PRINT_SCREEN = 0xe037, BREAK = 0xe046;

    /** The one key without a release: it sends its six bytes when it is pressed. */
    public static final int PAUSE = 0xe11d45;

    private static final int E0 = 0xe000;

    /** Rows of the main block from the code of their first key on: plain, then shifted. */
    // spotless:off
    private static final Object[][] ROWS = {
        {0x02, "1234567890-=", "!@#$%^&*()_+"},
        {0x10, "qwertyuiop[]", "QWERTYUIOP{}"},
        {0x1e, "asdfghjkl;'`", "ASDFGHJKL:\"~"},
        {0x2b, "\\zxcvbnm,./", "|ZXCVBNM<>?"},
        {0x39, " ",            " "},
    };
    // spotless:on

    private static final Map<Integer, Key> CHARACTERS = characters();
    private static final SortedMap<String, Integer> NAMES = names();

    private UsKeyboard() {}

    /** A key, and whether Shift must be held with it. */
    public record Key(int code, boolean shift) {}

    /** The key that types a character; tab, line feed and backspace have keys, too. */
    public static Optional<Key> forCharacter(int codePoint) {
        return Optional.ofNullable(CHARACTERS.get(codePoint));
    }

    /** The code of a key by name ("f1", "enter", "a", "del"); case does not matter. */
    public static Optional<Integer> forName(String name) {
        Integer code = NAMES.get(name.toLowerCase(Locale.ROOT));
        if (code == null && name.codePointCount(0, name.length()) == 1) {
            return forCharacter(name.toLowerCase(Locale.ROOT).codePointAt(0)).map(Key::code);
        }
        return Optional.ofNullable(code);
    }

    /** Names that {@link #chord} knows beside single characters, sorted. */
    public static List<String> keyNames() {
        return List.copyOf(NAMES.keySet());
    }

    public static byte[] press(int code) {
        return code == PAUSE
                ? bytes(0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5)
                : code >= E0 ? bytes(0xe0, code & 0xff) : bytes(code);
    }

    /** What releasing a key sends; nothing for {@link #PAUSE}. */
    public static byte[] release(int code) {
        return code == PAUSE
                ? new byte[0]
                : code >= E0 ? bytes(0xe0, code & 0x7f | 0x80) : bytes(code | 0x80);
    }

    /**
     * Presses and releases that type a text. Carriage returns before line feeds are dropped.
     *
     * @throws IllegalArgumentException naming the first character that has no key
     */
    public static List<byte[]> text(String text) {
        var strokes = new ArrayList<byte[]>();
        text.replace("\r\n", "\n").codePoints().forEach(c -> addStroke(strokes, c));
        return strokes;
    }

    private static void addStroke(List<byte[]> strokes, int codePoint) {
        Key key = forCharacter(codePoint).orElseThrow(() -> noKey(codePoint));
        if (key.shift()) {
            strokes.add(press(LEFT_SHIFT));
        }
        strokes.add(press(key.code()));
        strokes.add(release(key.code()));
        if (key.shift()) {
            strokes.add(release(LEFT_SHIFT));
        }
    }

    /**
     * Keys pressed together and released in reverse: "ctrl-alt-del", "alt+f4", "shift-a", "enter".
     * A minus or plus sign as the last key stands for itself: "ctrl--".
     *
     * @throws IllegalArgumentException naming the key that is not known
     */
    public static List<byte[]> chord(String keys) {
        var codes = new ArrayList<Integer>();
        for (String name : keys.trim().split("[-+](?=.)")) {
            addKey(codes, name.isEmpty() ? "-" : name);
        }
        var strokes = new ArrayList<byte[]>();
        codes.forEach(code -> strokes.add(press(code)));
        codes.reversed().stream().filter(c -> c != PAUSE).forEach(c -> strokes.add(release(c)));
        return strokes;
    }

    private static void addKey(List<Integer> codes, String name) {
        boolean one = name.codePointCount(0, name.length()) == 1;
        if (one && !Character.isLetter(name.codePointAt(0))) {
            Key key = forCharacter(name.codePointAt(0)).orElseThrow(() -> unknown(name));
            if (key.shift() && !codes.contains(LEFT_SHIFT) && !codes.contains(RIGHT_SHIFT)) {
                codes.add(LEFT_SHIFT);
            }
            codes.add(key.code());
        } else {
            codes.add(forName(name).orElseThrow(() -> unknown(name)));
        }
    }

    /**
     * Hands sequences to a keyboard in order and waits, sleeping, whenever its queue is full.
     *
     * @param patience how long one sequence may wait
     * @return how many sequences were taken: all, unless the guest stopped reading its keyboard
     */
    public static int send(KeyboardSink keyboard, List<byte[]> strokes, Duration patience)
            throws InterruptedException {
        int sent = 0;
        for (byte[] stroke : strokes) {
            long deadline = System.nanoTime() + patience.toNanos();
            while (!keyboard.scancodes(stroke)) {
                if (System.nanoTime() - deadline > 0) {
                    return sent;
                }
                Thread.sleep(2);
            }
            sent++;
        }
        return sent;
    }

    private static IllegalArgumentException noKey(int codePoint) {
        return new IllegalArgumentException(
                "no key on a US keyboard types U+%04X".formatted(codePoint));
    }

    private static IllegalArgumentException unknown(String name) {
        return new IllegalArgumentException(
                "unknown key '%s'; known are single characters and %s"
                        .formatted(name, String.join(" ", NAMES.keySet())));
    }

    private static byte[] bytes(int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return bytes;
    }

    private static Map<Integer, Key> characters() {
        var map = new HashMap<Integer, Key>();
        for (Object[] row : ROWS) {
            int first = (Integer) row[0];
            String plain = (String) row[1];
            String shifted = (String) row[2];
            for (int i = 0; i < plain.length(); i++) {
                map.put((int) shifted.charAt(i), new Key(first + i, true));
                map.put((int) plain.charAt(i), new Key(first + i, false));
            }
        }
        map.put((int) '\n', new Key(0x1c, false));
        map.put((int) '\r', new Key(0x1c, false));
        map.put((int) '\t', new Key(0x0f, false));
        map.put((int) '\b', new Key(0x0e, false));
        map.put(0x1b, new Key(0x01, false));
        map.put(0x7f, new Key(E0 | 0x53, false));
        return map;
    }

    // spotless:off
    private static SortedMap<String, Integer> names() {
        var map = new TreeMap<String, Integer>();
        put(map, 0x01, "esc", "escape");
        put(map, 0x0e, "backspace", "bksp");
        put(map, 0x0f, "tab");
        put(map, 0x1c, "enter", "return", "ret");
        put(map, LEFT_CTRL, "ctrl", "control", "lctrl");
        put(map, LEFT_SHIFT, "shift", "lshift");
        put(map, RIGHT_SHIFT, "rshift");
        put(map, LEFT_ALT, "alt", "lalt");
        put(map, 0x39, "space", "spc");
        put(map, 0x3a, "capslock", "caps");
        for (int f = 1; f <= 10; f++) {
            put(map, 0x3a + f, "f" + f);
        }
        put(map, 0x57, "f11");
        put(map, 0x58, "f12");
        put(map, 0x45, "numlock");
        put(map, 0x46, "scrolllock");
        put(map, 0x56, "less");                                     // the 102nd key
        put(map, 0x0c, "minus");
        put(map, 0x0d, "equal");
        int[] pad = {0x52, 0x4f, 0x50, 0x51, 0x4b, 0x4c, 0x4d, 0x47, 0x48, 0x49};
        for (int digit = 0; digit <= 9; digit++) {
            put(map, pad[digit], "kp" + digit);
        }
        put(map, 0x37, "kpmultiply");
        put(map, 0x4a, "kpminus");
        put(map, 0x4e, "kpplus");
        put(map, 0x53, "kpdot");
        put(map, E0 | 0x1c, "kpenter");
        put(map, E0 | 0x35, "kpdivide");
        put(map, E0 | 0x1d, "rctrl");
        put(map, E0 | 0x38, "ralt", "altgr");
        put(map, E0 | 0x47, "home");
        put(map, E0 | 0x48, "up");
        put(map, E0 | 0x49, "pageup", "pgup");
        put(map, E0 | 0x4b, "left");
        put(map, E0 | 0x4d, "right");
        put(map, E0 | 0x4f, "end");
        put(map, E0 | 0x50, "down");
        put(map, E0 | 0x51, "pagedown", "pgdn");
        put(map, E0 | 0x52, "insert", "ins");
        put(map, E0 | 0x53, "delete", "del");
        put(map, E0 | 0x5b, "win", "lwin", "meta", "super");
        put(map, E0 | 0x5c, "rwin");
        put(map, E0 | 0x5d, "menu");
        put(map, PRINT_SCREEN, "printscreen", "print", "sysrq");
        put(map, BREAK, "break");
        put(map, PAUSE, "pause");
        return map;
    }
    // spotless:on

    private static void put(Map<String, Integer> map, int code, String... names) {
        for (String name : names) {
            map.put(name, code);
        }
    }
}
