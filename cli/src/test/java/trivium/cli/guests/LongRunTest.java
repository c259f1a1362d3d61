package trivium.cli.guests;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import trivium.cli.GuestVm;
import trivium.display.Frame;

/** Guests that take minutes: a whole pass of memtest86+, Debian's installer. */
@Timeout(value = 40, unit = TimeUnit.MINUTES)
class LongRunTest {
    private static final int SOON = 120, LONG = 1800;
    private static final int GREY = 0xaaaaaa, RED = 0xaa0000;
    private static final Pattern PASSES = Pattern.compile("Pass: +([1-9]\\d*) +Errors: +0\\b");
    private static final Pattern ERRORS = Pattern.compile("Errors: +[1-9]");

    @BeforeEach
    void choose() {
        Guests.onlyIfAllAreAskedFor("takes minutes");
    }

    @Test
    void memtestFinishesAPassWithoutErrors() throws Exception {
        try (GuestVm guest =
                Guests.boot(
                        "memtest", "--kernel", Guests.file("memtest86+x64.bin"), "--memory", 8)) {
            guest.awaitScreen("Memtest86+", SOON);
            guest.await(
                    "a pass or an error",
                    LONG,
                    () ->
                            PASSES.matcher(guest.screen()).find()
                                    || ERRORS.matcher(guest.screen()).find());
            guest.writePicture();
            assertThat(guest.screen()).containsPattern(PASSES);
        }
    }

    /** With less memory its first dialog would only say that there is little. */
    @Test
    void installerAsksForALanguage() throws Exception {
        try (GuestVm guest =
                Guests.boot(
                        "installer",
                        "--kernel",
                        Guests.file("installer-linux"),
                        "--initrd",
                        Guests.file("installer-initrd.gz"),
                        "--append",
                        "vga=788 cryptomgr.notests",
                        "--memory",
                        1024)) {
            guest.await("the list of languages", LONG, () -> chosenRow(guest.picture()) > 0);
            int english = chosenRow(guest.picture());

            guest.chord("down");

            guest.await("the next one", SOON, () -> chosenRow(guest.picture()) > english);
            guest.writePicture();
        }
    }

    /** The top row of newt's red bar in a grey window that fills the screen, or -1. */
    private static int chosenRow(Frame picture) {
        IntStream pixels = IntStream.of(picture.pixels);
        if (pixels.filter(p -> p == GREY).count() < picture.pixels.length / 2) {
            return -1;
        }
        return IntStream.range(0, picture.height)
                .filter(y -> reds(picture, y) > picture.width / 4)
                .findFirst()
                .orElse(-1);
    }

    private static long reds(Frame picture, int row) {
        return IntStream.range(row * picture.width, (row + 1) * picture.width)
                .filter(i -> picture.pixels[i] == RED)
                .count();
    }
}
