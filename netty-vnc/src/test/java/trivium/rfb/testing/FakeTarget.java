package trivium.rfb.testing;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import trivium.display.Screen;
import trivium.input.KeyboardSink;
import trivium.input.PointerSink;
import trivium.rfb.ConsoleTarget;

/** A machine with a screen to draw on that writes down what it is told. Thread-safe. */
public final class FakeTarget implements ConsoleTarget {
    public volatile Screen screen;
    public volatile boolean absolute = true;
    public volatile boolean powered = true;
    public volatile boolean keyboardFull;
    public volatile int leds;
    public volatile Power power;
    private final List<String> keys = new ArrayList<>();
    private final List<String> moves = new ArrayList<>();

    public FakeTarget(Screen screen) {
        this.screen = screen;
    }

    /** Scancode sequences so far, in hex, separated by blanks. */
    public String keys() {
        synchronized (keys) {
            return String.join(" ", keys);
        }
    }

    public List<String> moves() {
        synchronized (moves) {
            return List.copyOf(moves);
        }
    }

    @Override
    public String name() {
        return "fake";
    }

    @Override
    public Optional<Screen> screen() {
        return powered ? Optional.of(screen) : Optional.empty();
    }

    @Override
    public Optional<Power> power() {
        return Optional.ofNullable(power);
    }

    @Override
    public Optional<KeyboardSink> keyboard() {
        return Optional.of(
                new KeyboardSink() {
                    @Override
                    public boolean scancodes(byte... set1) {
                        if (keyboardFull) {
                            return false;
                        }
                        synchronized (keys) {
                            return keys.add(HexFormat.of().formatHex(set1));
                        }
                    }

                    @Override
                    public int leds() {
                        return leds;
                    }
                });
    }

    @Override
    public Optional<PointerSink> pointer() {
        return Optional.of(
                new PointerSink() {
                    @Override
                    public boolean absolute() {
                        return absolute;
                    }

                    @Override
                    public void moveTo(int x, int y, int buttons, int wheel) {
                        add("to", x, y, buttons, wheel);
                    }

                    @Override
                    public void moveBy(int dx, int dy, int buttons, int wheel) {
                        add("by", dx, dy, buttons, wheel);
                    }

                    private void add(String how, int x, int y, int buttons, int wheel) {
                        synchronized (moves) {
                            moves.add("%s %d,%d b%d w%d".formatted(how, x, y, buttons, wheel));
                        }
                    }
                });
    }
}
