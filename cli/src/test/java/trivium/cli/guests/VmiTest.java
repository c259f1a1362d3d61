package trivium.cli.guests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import trivium.cli.GuestVm;
import trivium.vm.Vm.Outcome;
import trivium.vm.VmException;

/**
 * Linux with the VMI ROM in its PC. Debian's kernels have not spoken VMI for long; one that does
 * (2.6.21 to 2.6.36 with CONFIG_VMI and a serial console, and an initrd that powers off or writes
 * to the debug exit) may be put beside them as vmlinuz-vmi and initrd-vmi.gz.
 */
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class VmiTest {
    private static final int BOOT = 400, ANSWER = 60;
    private static final String PROMPT = "trivium#";

    /** With firmware, which puts the ROM where it likes. */
    @ParameterizedTest
    @CsvSource({"686, vmi", "amd64, auto"})
    void anUnmodifiedKernelBootsAsWithoutIt(String which, String engine) throws Exception {
        Object[] options = {
            "--kernel",
            Guests.file("vmlinuz-" + which),
            "--initrd",
            Guests.file("initrd-" + which + ".gz"),
            "--append",
            "console=ttyS0 cryptomgr.notests",
            "--device",
            "vmi",
            "--engine",
            engine,
        };
        try (GuestVm guest = Guests.boot("rom-" + which, options)) {
            guest.awaitSerial(PROMPT, BOOT);
            guest.send("echo $((6 * 7)) roms: $(grep -ci 'adapter rom' /proc/iomem)\n");
            guest.awaitSerial("42 roms:", ANSWER);
            if (engine.equals("vmi")) {
                guest.vm().useEngine("bt");
            }
            assertThatThrownBy(() -> guest.vm().useEngine("vmi"))
                    .isInstanceOf(VmException.class)
                    .hasMessageContaining("did not call the VMI ROM");
            guest.send("poweroff\n");

            assertThat(guest.awaitEnd(ANSWER)).isEqualTo(new Outcome.PoweredOff("ACPI S5"));
        }
    }

    @Test
    void aKernelThatSpeaksVmiSaysSoAndChangesEngines() throws Exception {
        Object[] options = {
            "--kernel",
            Guests.file("vmlinuz-vmi"),
            "--initrd",
            Guests.file("initrd-vmi.gz"),
            "--append",
            "console=ttyS0",
            "--engine",
            "vmi",
            "--memory",
            128,
            "--debug-exit",
        };
        try (GuestVm guest = Guests.boot("vmi", options)) {
            guest.awaitSerial("VMI: Found Trivium", BOOT);
            guest.awaitSerial("Booting paravirtualized kernel on vmi", BOOT);
            String[] engines = {"bt", "vmi", "interpreter", "vmi"};
            for (int i = 0; i < 40 && !guest.vm().outcome().isDone(); i++) {
                Thread.sleep(100);
                try {
                    guest.vm().useEngine(engines[i % engines.length]);
                } catch (VmException e) {
                    assertThat(guest.vm().outcome()).as(e.getMessage()).isDone();
                }
            }
            guest.awaitEnd(BOOT);
            assertThat(guest.serial()).doesNotContain("Oops", "BUG:");
        }
    }
}
