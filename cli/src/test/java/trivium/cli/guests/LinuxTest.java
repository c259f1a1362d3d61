package trivium.cli.guests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import trivium.cli.GuestVm;
import trivium.rfb.testing.RfbClient;
import trivium.vm.Vm.Outcome;

/**
 * Debian's kernels with BusyBox, booted directly through SeaBIOS. Most leave out the kernel's tests
 * of its own cryptography, some 5 billion instructions.
 */
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class LinuxTest {
    private static final int BOOT = 400, ANSWER = 60;

    /** Without the blank after it: rows of the screen end at their last character. */
    private static final String PROMPT = "trivium#";

    private static final int CURSOR_CELL = 9 * 16;
    private static final String CONSOLES = "console=ttyS0 console=tty0 cryptomgr.notests";

    private static GuestVm boot(String which, Object... more) throws Exception {
        Object[] options = {
            "--kernel", Guests.file("vmlinuz-" + which),
            "--initrd", Guests.file("initrd-" + which + ".gz"),
            "--append", CONSOLES,
        };
        Object[] all = Arrays.copyOf(options, options.length + more.length);
        System.arraycopy(more, 0, all, options.length, more.length);
        return Guests.boot("linux-" + which, all);
    }

    private static void awaitPrompts(GuestVm guest) throws InterruptedException {
        guest.awaitSerial(PROMPT, BOOT);
        guest.awaitScreen(PROMPT, ANSWER);
    }

    @Test
    void amd64TakesKeysOnBothConsolesAndPowersOff() throws Exception {
        try (GuestVm guest = boot("amd64")) {
            awaitPrompts(guest);

            guest.send("echo serial-$((6 * 7)) $(uname -m)\n");
            guest.awaitSerial("serial-42 x86_64", ANSWER);
            guest.type("echo \"Keys: {$((6 * 7))} $(head -c 3 /dev/zero | wc -c)\"\n");
            guest.awaitScreen("Keys: {42} 3", ANSWER);
            guest.type("poweroff\n");

            assertThat(guest.awaitEnd(ANSWER)).isEqualTo(new Outcome.PoweredOff("ACPI S5"));
        }
    }

    @Test
    void i686WithAllItsSelfTestsHearsAViewerAndThePowerButton() throws Exception {
        try (GuestVm guest = boot("686", "--append", "console=ttyS0 console=tty0");
                RfbClient viewer = guest.viewer()) {
            awaitPrompts(guest);
            viewer.setEncodings(16, 5, 0, -223);
            awaitSamePicture(viewer, guest);
            int[] before = viewer.pixels().clone();

            viewer.type("echo Seen-by-$((40 + 2)) | tr a-z A-Z\n");
            guest.awaitScreen("SEEN-BY-42", ANSWER);
            awaitSamePicture(viewer, guest);
            assertThat(different(viewer.pixels(), before)).isGreaterThan(CURSOR_CELL);

            guest.vm().shutdown();
            assertThat(guest.awaitEnd(ANSWER)).isEqualTo(new Outcome.PoweredOff("ACPI S5"));
            assertThat(guest.serial()).contains("reboot: Power down");
        }
    }

    @Test
    void i686PaeUsesTwoProcessors() throws Exception {
        try (GuestVm guest = boot("686-pae", "--cpus", 2, "--memory", 128)) {
            awaitPrompts(guest);

            guest.send("echo $(nproc) processors, $(grep -c ^processor /proc/cpuinfo) listed\n");
            guest.awaitSerial("2 processors, 2 listed", ANSWER);
            guest.send("echo ran on $(taskset 2 cut -d' ' -f39 /proc/self/stat)\n");
            guest.awaitSerial("ran on 1", ANSWER);
            guest.send("poweroff\n");

            assertThat(guest.awaitEnd(ANSWER)).isInstanceOf(Outcome.PoweredOff.class);
        }
    }

    @Test
    void fromCdByIsolinux(@TempDir Path folder) throws Exception {
        Path iso = BootMedia.isolinuxCd(folder, "686", CONSOLES);
        try (GuestVm guest = Guests.boot("cd-686", "--cdrom", iso, "--memory", 128)) {
            guest.awaitScreen("ISOLINUX", ANSWER);
            guest.awaitScreen("boot:", ANSWER);
            guest.type("linux\n");
            awaitPrompts(guest);

            guest.type("poweroff\n");

            assertThat(guest.awaitEnd(ANSWER)).isInstanceOf(Outcome.PoweredOff.class);
        }
    }

    /** Up to the cursor, which blinks. */
    private static void awaitSamePicture(RfbClient viewer, GuestVm guest) throws IOException {
        boolean same =
                viewer.await(
                        Duration.ofSeconds(ANSWER),
                        v -> different(v.pixels(), guest.picture().pixels) <= CURSOR_CELL);
        assertThat(same).as("the viewer shows what the guest does").isTrue();
    }

    private static int different(int[] one, int[] other) {
        int sameSize = Math.min(one.length, other.length);
        return Math.abs(one.length - other.length)
                + (int) IntStream.range(0, sameSize).filter(i -> one[i] != other[i]).count();
    }
}
