package trivium.cli.guests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import trivium.cli.GuestVm;
import trivium.rfb.testing.RfbClient;

/** A viewer's pointer in Linux: PS/2 until the guest's driver finds the absolute mouse. */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class PointerTest {
    private static final int BOOT = 400, ANSWER = 60, POINTER_MODE = -257;
    private static final String PROMPT = "trivium#";
    private static final Offset<Integer> STEP = Offset.offset(2);

    /** The one device with an X and a Y axis. */
    private static final String OPEN_POINTER =
            "for e in /sys/class/input/event*; do [ $(cat $e/device/capabilities/abs) = 3 ]"
                    + " && exec 3</dev/input/${e##*/} && echo pointer-is-$(echo open); done";

    /** An input_event of 32-bit Linux: 8 bytes of time, type, code, value. */
    private static final String AS_NUMBERS =
            "'4/2 \"%d \" \"= \" 1/2 \"%d \" 1/2 \"%d \" 1/4 \"%d\\n\"'";

    private static final Pattern EVENT = Pattern.compile("= (\\d+ \\d+ -?\\d+)\r?\n");

    @Test
    void positionsReachLinuxExactly(@TempDir Path folder) throws Exception {
        Path initrd = BootMedia.initrdWith(folder, "686", "input/mouse/psmouse.ko");
        try (GuestVm guest =
                        Guests.boot(
                                "pointer",
                                "--kernel",
                                Guests.file("vmlinuz-686"),
                                "--initrd",
                                initrd,
                                "--append",
                                "console=ttyS0 cryptomgr.notests",
                                "--memory",
                                128);
                RfbClient viewer = guest.viewer()) {
            viewer.setEncodings(0, -223, POINTER_MODE);
            assertThat(viewer.await(Duration.ofSeconds(ANSWER), v -> v.pointerMode == 0)).isTrue();
            guest.awaitSerial(PROMPT, BOOT);
            assertThat(viewer.await(Duration.ofSeconds(ANSWER), v -> v.pointerMode == 1)).isTrue();

            guest.send(OPEN_POINTER + "; head -c 48 <&3 | hexdump -v -e " + AS_NUMBERS + "\n");
            guest.awaitSerial("pointer-is-open", ANSWER);
            viewer.pointer(0, 100, 50);
            guest.await("both coordinates", ANSWER, () -> events(guest).size() == 3);

            List<String> events = events(guest);
            assertThat(events.get(0)).startsWith("3 0 ");
            assertThat(value(events.get(0))).isCloseTo(100 * 65535 / (viewer.width() - 1), STEP);
            assertThat(events.get(1)).startsWith("3 1 ");
            assertThat(value(events.get(1))).isCloseTo(50 * 65535 / (viewer.height() - 1), STEP);

            guest.send("head -c 32 <&3 | hexdump -v -e " + AS_NUMBERS + "\n");
            viewer.pointer(1, 100, 50);
            guest.await("the left button", ANSWER, () -> events(guest).contains("1 272 1"));
        }
    }

    /** Type, code and value of what evdev gave. */
    private static List<String> events(GuestVm guest) {
        return EVENT.matcher(guest.serial()).results().map(m -> m.group(1)).toList();
    }

    private static int value(String event) {
        return Integer.parseInt(event.substring(event.lastIndexOf(' ') + 1));
    }
}
