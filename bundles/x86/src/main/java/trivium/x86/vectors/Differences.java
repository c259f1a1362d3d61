package trivium.x86.vectors;

/** What differs between expected and actual state, in words; empty means passed. */
final class Differences {
    private static final int MAX_CHARACTERS = 4000;

    private final StringBuilder text = new StringBuilder();

    void clear() {
        text.setLength(0);
    }

    boolean isEmpty() {
        return text.isEmpty();
    }

    void add(String line) {
        if (text.length() < MAX_CHARACTERS) {
            text.append("\n    ").append(line);
        }
    }

    void compare(String what, long expected, long actual) {
        if (expected != actual) {
            add("%s: expected %x, got %x".formatted(what, expected, actual));
        }
    }

    void compare(String what, int index, long expected, long actual) {
        if (expected != actual) {
            add("%s%d: expected %x, got %x".formatted(what, index, expected, actual));
        }
    }

    void compareFlags(int expected, int actual, int mask) {
        if (((expected ^ actual) & mask) != 0) {
            add(
                    "flags: expected %s (%x), got %s (%x), compared under %x"
                            .formatted(
                                    Flags.describe(expected & mask),
                                    expected,
                                    Flags.describe(actual & mask),
                                    actual,
                                    mask));
        }
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
