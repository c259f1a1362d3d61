package trivium.cli.guests;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import trivium.cli.GuestVm;
import trivium.vm.Vm.Outcome;

/** Devices taken out of a running Linux and put back, as when their bundle is updated. */
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class DeviceUpdateTest {
    private static final int BOOT = 400, ANSWER = 60, UPDATES = 60;
    private static final String PROMPT = "trivium#";

    @Test
    void linuxDoesNotNoticeThatItsDevicesAreReplaced() throws Exception {
        Object[] options = {
            "--kernel", Guests.file("vmlinuz-amd64"),
            "--initrd", Guests.file("initrd-amd64.gz"),
            "--append", "console=ttyS0 console=tty0 cryptomgr.notests",
        };
        try (GuestVm guest = Guests.boot("update", options)) {
            guest.awaitSerial(PROMPT, BOOT);
            guest.awaitScreen(PROMPT, ANSWER);
            guest.send(
                    "i=0; while [ ! -e /end ]; do i=$((i+1)); echo n$i $(echo $i | md5sum); "
                            + "usleep 1000; done; echo last-$i | tr a-z A-Z\n");
            guest.awaitSerial("\nn3 ", ANSWER);
            String only = System.getProperty("trivium.update");
            List<String> models = only == null ? guest.devices() : List.of(only.split(","));
            Random random = new Random(7);

            for (int i = 0; i < UPDATES; i++) {
                guest.replaceDevice(models.get(i % models.size()));
                Thread.sleep(random.nextInt(100));
            }
            guest.replaceDevices(models); // as a bundle with all of them is updated

            guest.type("echo $((6 * 7)) >/end\n");
            guest.awaitSerial("LAST-", ANSWER);
            String serial = guest.serial();
            int end = serial.indexOf("LAST-");
            assertThat(serial.substring(end)).doesNotContain("n1 ");
            assertThat(disorder(serial)).isEmpty();
            guest.awaitSerial(PROMPT, ANSWER);
            guest.send("dmesg | grep -c -i -e 'nobody cared' -e 'soft lockup' -e 'Oops'\n");
            guest.awaitSerial("\r\n0\r\n", ANSWER);
            guest.type("poweroff\n");
            assertThat(guest.awaitEnd(ANSWER)).isEqualTo(new Outcome.PoweredOff("ACPI S5"));
        }
    }

    /** Where a line with a number was lost, doubled or mutilated. */
    private static List<String> disorder(String serial) {
        List<String> wrong = new ArrayList<>();
        int next = -1;
        for (String line : serial.split("\r?\n")) {
            if (!line.matches("n\\d+ .*")) {
                continue;
            }
            if (next >= 0 && !line.matches("n%d [0-9a-f]{32} +-".formatted(next))) {
                wrong.add("%s instead of n%d".formatted(line, next));
            }
            next = Integer.parseInt(line.substring(1, line.indexOf(' '))) + 1;
        }
        return wrong;
    }
}
