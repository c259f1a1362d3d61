package trivium.cli.guests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import trivium.cli.GuestVm;
import trivium.vm.Vm.Outcome;

/** The bench guests: every kernel prints a checksum that is the same on every correct CPU. */
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class BenchGuestTest {
    private static final Pattern END = Pattern.compile("END (\\w+) ([0-9a-f]{8})");

    private static Map<String, String> expected(String file, int column) throws IOException {
        return Files.readAllLines(Guests.bench(file)).stream()
                .map(line -> line.split(" "))
                .collect(Collectors.toMap(w -> w[0], w -> w[column], (a, b) -> a, TreeMap::new));
    }

    private static Map<String, String> expected() throws IOException {
        return expected("expected.txt", 1);
    }

    private static Map<String, String> printed(GuestVm guest) {
        return END.matcher(guest.serial())
                .results()
                .collect(
                        Collectors.toMap(
                                m -> m.group(1),
                                m -> m.group(2),
                                (a, b) -> a.equals(b) ? a : a + " then " + b,
                                TreeMap::new));
    }

    @ParameterizedTest
    @ValueSource(strings = {"bench32", "bench64"})
    void everyKernelPrintsItsChecksum(String which) throws Exception {
        Path image = Guests.bench(which + ".bin");
        try (GuestVm guest = Guests.boot(which, "--kernel", image, "--debug-exit")) {
            assertThat(guest.awaitEnd(1000)).isEqualTo(new Outcome.DebugExit(0));

            assertThat(printed(guest)).isEqualTo(expected());
            assertThat(guest.serial()).doesNotContain("FAIL", "SKIP").contains("DONE");
        }
    }

    /** Twice, since what a hot block does may differ from what it did cold. */
    @ParameterizedTest
    @CsvSource({"nano32, auto", "nano64, auto", "nano32, interpreter", "nano64, interpreter"})
    void everyNanoBenchmarkHasItsEffect(String which, String engine) throws Exception {
        Object[] options = {
            "--kernel",
            Guests.bench(which + ".bin"),
            "--append",
            "short n=2",
            "--engine",
            engine,
            "--debug-exit"
        };
        try (GuestVm guest = Guests.boot(which, options)) {
            assertThat(guest.awaitEnd(300)).isEqualTo(new Outcome.DebugExit(0));

            Map<String, String> wanted = expected("expected-nano.txt", 2);
            if (which.equals("nano32")) {
                wanted.remove("cr8wr"); // CR8 is long mode's
            }
            assertThat(printed(guest)).isEqualTo(wanted);
            assertThat(guest.serial()).doesNotContain("FAIL").contains("DONE");
        }
    }

    /** A boot sector loads the rest by INT 13h: SeaBIOS, floppy controller, DMA. */
    @ParameterizedTest
    @ValueSource(strings = {"auto", "interpreter"})
    void fromFloppy(String engine, @TempDir Path folder) throws Exception {
        String kernels = "chase x87 sse2 smc cross paging timer tick";
        Object[] options = {
            "--floppy", floppy(folder, kernels), "--engine", engine, "--debug-exit"
        };
        try (GuestVm guest = Guests.boot("floppy", options)) {
            assertThat(guest.awaitEnd(300)).isEqualTo(new Outcome.DebugExit(0));

            Map<String, String> wanted = expected();
            wanted.keySet().retainAll(Set.of(kernels.split(" ")));
            assertThat(printed(guest)).hasSize(8).isEqualTo(wanted);
        }
    }

    /** The image's second sector holds its command line. */
    private static Path floppy(Path folder, String commandLine) throws IOException {
        byte[] image = Files.readAllBytes(Guests.bench("bench32.img"));
        byte[] text = (commandLine + "\0").getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(text, 0, image, 512, text.length);
        return Files.write(folder.resolve("floppy.img"), image);
    }
}
