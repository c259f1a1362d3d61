package trivium.cli.guests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import trivium.bt.BtEngine;
import trivium.cli.GuestVm;
import trivium.cpu.Support;
import trivium.guests.demo.DemoGuest;
import trivium.hostos.HostInfo;
import trivium.vm.LockStep;

/**
 * Guests on the translating engine and the interpreter, side by side: registers and memory stay
 * equal. {@code -Dtrivium.guests=all} runs the bench guests to their ends and boots Linux.
 */
@Timeout(value = 60, unit = TimeUnit.MINUTES)
class LockStepGuestTest {
    private static final long SOME = 25_000_000, MANY = 20_000_000_000L;
    private static final String COMMANDS =
            "for i in 1 2 3; do busybox md5sum /bin/busybox; busybox gzip -c /bin/busybox |"
                    + " busybox wc -c; done; busybox poweroff -f";

    private final ByteArrayOutputStream serial = new ByteArrayOutputStream();

    @BeforeAll
    static void onHostsThatTranslate() {
        Support support = new BtEngine().supportOn(HostInfo.host());
        assumeTrue(support instanceof Support.Yes, support.toString());
    }

    private LockStep.Result run(long instructions, Object... options) throws Exception {
        List<String> arguments = Arrays.stream(options).map(Object::toString).toList();
        Path firmware = Guests.file("bios-256k.bin").getParent();
        LockStep.Result result =
                GuestVm.lockStep(firmware, arguments, "bt", instructions, serial::writeBytes);
        System.out.printf(
                "%s: %,d instructions; %s%n",
                arguments.get(1), result.instructions(), result.end());
        assertThat(result.difference().orElse("")).isEmpty();
        return result;
    }

    private String said() {
        return serial.toString(StandardCharsets.UTF_8);
    }

    @Test
    void theDemonstrationGuest(@TempDir Path folder) throws Exception {
        Path guest = folder.resolve("demo");
        DemoGuest.write(guest);

        assertThat(run(SOME, "--kernel", guest, "--memory", 16).instructions()).isEqualTo(SOME);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "qsort",
                "sha256",
                "arith",
                "x87",
                "sse2",
                "dispatch",
                "smc",
                "cross",
                "paging",
                "trap",
                "pio",
                "timer",
                "tick"
            })
    void theBeginningOfKernels(String kernel) throws Exception {
        for (String bits : List.of("32", "64")) {
            Path image = Guests.bench("bench" + bits + ".bin");

            run(SOME, "--kernel", image, "--append", kernel, "--debug-exit");

            assertThat(said()).contains("BEGIN " + kernel);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"bench32", "bench64"})
    void allKernelsToTheirEnd(String which) throws Exception {
        Guests.onlyIfAllAreAskedFor("takes minutes");

        var result = run(MANY, "--kernel", Guests.bench(which + ".bin"), "--debug-exit");

        assertThat(result.end()).isEqualTo("debug exit 0");
        assertThat(said()).contains("DONE").doesNotContain("FAIL");
    }

    @ParameterizedTest
    @CsvSource({"686", "686-pae", "amd64"})
    void linuxWithUserPrograms(String which) throws Exception {
        Guests.onlyIfAllAreAskedFor("takes minutes");

        var result =
                run(
                        MANY,
                        "--kernel",
                        Guests.file("vmlinuz-" + which),
                        "--initrd",
                        Guests.file("initrd-" + which + ".gz"),
                        "--append",
                        "console=ttyS0 cryptomgr.notests rdinit=/bin/busybox -- sh -c \""
                                + COMMANDS
                                + "\"");

        assertThat(said()).contains("/bin/busybox");
        assertThat(result.end()).contains("powered off");
    }
}
