package trivium.rfb.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import trivium.rfb.protocol.ClientMessage.Pointer;
import trivium.rfb.testing.FakeScreen;
import trivium.rfb.testing.FakeTarget;

/** Keys and pointers on their way to the guest. */
class InputTest {
    private static final int SHIFT_L = 0xffe1, CONTROL_L = 0xffe3, CAPS = 4;

    private final ScheduledExecutorService loop = Executors.newSingleThreadScheduledExecutor();
    private final FakeTarget target = new FakeTarget(new FakeScreen(101, 101));
    private final KeyInput keys =
            new KeyInput(new KeyQueue(target::keyboard, loop), target::keyboard);
    private final PointerInput pointer = new PointerInput(target::pointer);

    @AfterEach
    void stop() {
        loop.shutdownNow();
    }

    /** Presses (+) and releases (-) keysyms in hex. */
    private void strokes(String strokes) {
        for (String stroke : strokes.split(" ")) {
            keys.keysym(stroke.charAt(0) == '+', Integer.parseUnsignedInt(stroke.substring(1), 16));
        }
    }

    // spotless:off
    @ParameterizedTest
    @CsvSource({
        "plain,                +61 -61,                 1e 9e",
        "upper case,           +41 -41,                 2a 1e aa 9e",
        "with shift held,      +ffe1 +41 -41 -ffe1,     2a 1e 9e aa",
        "slash with shift,     +ffe1 +2f -2f -ffe1,     2a aa 35 2a b5 aa",
        "right shift,          +ffe2 +2f -2f -ffe2,     36 b6 35 36 b5 b6",
        "shifted symbol,       +3f -3f,                 2a 35 aa b5",
        "space with shift,     +ffe1 +20 -20 -ffe1,     2a 39 b9 aa",
        "control and upper,    +ffe3 +43 -43 -ffe3,     1d 2e ae 9d",
        "auto-repeat,          +61 +61 -61,             1e 1e 9e",
        "shift let go first,   +ffe1 +41 -ffe1 -61,     2a 1e aa 9e",
        "stray release,        -61 +62 -62,             30 b0",
        "unicode keysym,       +1000041 -1000041,       2a 1e aa 9e",
        "no such key,          +e9 -e9 +61 -61,         1e 9e",
        "tab backwards,        +fe20 -fe20,             2a 0f aa 8f",
        "arrow,                +ff53 -ff53,             e04d e0cd",
        "keypad,               +ffb5 -ffb5 +ff8d -ff8d, 4c cc e01c e09c",
        "pause,                +ff13 -ff13,             e11d45e19dc5"
    })
    void turnsKeysymsIntoKeysOfAUsKeyboard(String what, String strokes, String expected) {
        strokes(strokes);
        assertThat(target.keys()).as(what).isEqualTo(expected);
    }
    // spotless:on

    @Test
    void takesCapsLockOfTheGuestIntoAccount() {
        target.leds = CAPS;
        strokes("+41 -41 +61 -61 +31 -31 +21 -21");
        assertThat(target.keys()).isEqualTo("1e 9e 2a 1e aa 9e 02 82 2a 02 aa 82");
    }

    @ParameterizedTest
    @CsvSource({
        "1e, 1e 9e",
        "cd, e04d e0cd",
        "9d, e01d e09d",
        "54, e037 e0b7",
        "b7, e037 e0b7",
        "c6, e11d45e19dc5",
        "45, 45 c5",
        "100, ''",
        "ffffffff, ''"
    })
    void passesKeyCodesOn(String keycode, String expected) {
        int code = Integer.parseUnsignedInt(keycode, 16);
        keys.keycode(true, 0, code);
        keys.keycode(false, 0, code);
        assertThat(target.keys()).isEqualTo(expected);
    }

    @Test
    void pauseWithControlIsBreak() {
        keys.keycode(true, CONTROL_L, 0x1d);
        keys.keycode(true, 0, 0xc6);
        keys.keycode(false, 0, 0xc6);
        assertThat(target.keys()).isEqualTo("1d e046 e0c6");
    }

    @Test
    void usesTheKeysymWhereThereIsNoKeyCode() {
        keys.keycode(true, 'a', 0);
        keys.keycode(false, 'a', 0);
        keys.keycode(true, 0, 0);
        assertThat(target.keys()).isEqualTo("1e 9e");
    }

    @Test
    void releasesEverythingThatIsPressed() {
        strokes("+ffe1 +41 +ff53");
        keys.releaseAll();
        keys.releaseAll();
        assertThat(target.keys()).isEqualTo("2a 1e e04d aa 9e e0cd");
        assertThat(SHIFT_L).isEqualTo(Keysyms.SHIFT_L);
    }

    @Test
    void offersKeysAgainWhenTheGuestHasRoom() throws Exception {
        target.keyboardFull = true;
        loop.submit(() -> strokes("+61 -61")).get();
        assertThat(target.keys()).isEmpty();
        target.keyboardFull = false;
        await("1e 9e");
    }

    @Test
    void dropsPressesButNotReleasesOfAGuestThatDoesNotRead() throws Exception {
        strokes("+61");
        target.keyboardFull = true;
        loop.submit(
                        () -> {
                            for (int i = 0; i < 1000; i++) {
                                strokes("+62");
                            }
                            strokes("-61");
                        })
                .get();
        target.keyboardFull = false;
        await("1e" + " 30".repeat(256) + " 9e");
    }

    @Test
    void typesTextAtThePaceOfTheGuest() throws Exception {
        target.keyboardFull = true;
        loop.submit(() -> keys.type("aé".repeat(2000))).get();
        target.keyboardFull = false;
        await(String.join(" ", java.util.Collections.nCopies(2000, "1e 9e")));
    }

    private void await(String expected) throws InterruptedException {
        long end = System.nanoTime() + Duration.ofSeconds(10).toNanos();
        while (!target.keys().equals(expected) && System.nanoTime() < end) {
            Thread.sleep(5);
        }
        assertThat(target.keys()).isEqualTo(expected);
    }

    private void point(int buttons, int x, int y) {
        pointer.event(new Pointer(buttons, x, y), 101, 101);
    }

    @Test
    void scalesPositionsForAnAbsolutePointer() {
        point(0, 0, 100);
        pointer.flush();
        point(0, 50, 500); // outside
        pointer.flush();
        assertThat(target.moves()).containsExactly("to 0,32767 b0 w0", "to 16383,32767 b0 w0");
    }

    @Test
    void joinsMovementsButNeverDropsAButton() {
        point(0, 10, 10);
        point(0, 20, 20);
        point(1, 20, 20);
        point(1, 30, 30);
        point(0, 40, 40);
        pointer.flush();
        assertThat(target.moves())
                .containsExactly(
                        "to 6553,6553 b0 w0",
                        "to 6553,6553 b1 w0",
                        "to 9830,9830 b1 w0",
                        "to 13106,13106 b0 w0");
    }

    @Test
    void countsWheelNotchesAtTheirPress() {
        point(8, 0, 0);
        point(0, 0, 0);
        point(16, 0, 0);
        point(16, 1, 0);
        point(0, 1, 0);
        pointer.flush();
        assertThat(target.moves())
                .containsExactly(
                        "to 0,0 b0 w1",
                        "to 0,0 b0 w0",
                        "to 0,0 b0 w-1",
                        "to 327,0 b0 w0",
                        "to 327,0 b0 w0");
    }

    @Test
    void sendsDifferencesToARelativePointer() {
        target.absolute = false;
        point(0, 50, 50);
        point(0, 60, 45);
        pointer.flush();
        point(2, 60, 45);
        assertThat(target.moves()).containsExactly("by 10,-5 b0 w0", "by 0,0 b2 w0");
    }

    @Test
    void aBorderStopsTheGuestsPointerToo() {
        target.absolute = false;
        point(0, 50, 50);
        point(0, 0, 40);
        pointer.flush();
        point(0, 100, 100);
        pointer.flush();
        assertThat(target.moves()).containsExactly("by -151,-10 b0 w0", "by 201,161 b0 w0");
    }

    @Test
    void takesMovementsFromViewersThatSendThem() {
        target.absolute = false;
        pointer.expectDeltas(true);
        point(0, 0x7fff + 3, 0x7fff - 4);
        point(0, 0x7fff + 3, 0x7fff - 4);
        pointer.flush();
        assertThat(target.moves()).containsExactly("by 6,-8 b0 w0");
    }

    @Test
    void letsGoOfButtons() {
        point(5, 0, 0);
        pointer.releaseAll();
        pointer.releaseAll();
        assertThat(target.moves()).containsExactly("to 0,0 b5 w0", "to 0,0 b0 w0");
    }
}
