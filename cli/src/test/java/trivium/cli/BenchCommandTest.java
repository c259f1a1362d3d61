package trivium.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(180)
class BenchCommandTest {
    private final ByteArrayOutputStream output = new ByteArrayOutputStream();
    private final ByteArrayOutputStream errors = new ByteArrayOutputStream();
    @TempDir Path folder;

    private int bench(String line) {
        var out = new PrintStream(output, true, StandardCharsets.UTF_8);
        var err = new PrintStream(errors, true, StandardCharsets.UTF_8);
        return new BenchCommand(out, err, Wiring.catalog()).run(List.of(line.split(" ")));
    }

    private String printed() {
        return output.toString(StandardCharsets.UTF_8);
    }

    /** Guests, engines and the host are the real ones. */
    @ParameterizedTest
    @CsvSource({"32, mem", "64, pio"})
    void measuresAKernel(int bits, String kernel) throws Exception {
        Path svg = folder.resolve("chart.svg"), json = folder.resolve("figures.json");
        String line =
                "--engine interpreter --engine auto --mmu softtlb --repeat 1 --bits %d --kernel %s --svg %s --json %s"
                        .formatted(bits, kernel, svg, json);

        assertThat(bench(line)).as(errors.toString(StandardCharsets.UTF_8)).isZero();
        assertThat(printed())
                .contains(kernel + ", " + bits + "-bit   ")
                .containsPattern(
                        "  interpreter softtlb [█▏▎▍▌▋▊▉]+ +\\d+\\.\\d%  \\d+\\.\\d{3} s\n")
                .containsPattern("  auto softtlb {8}[█▏▎▍▌▋▊▉]+ +\\d+\\.\\d%  \\d+\\.\\d{3} s\n")
                .contains("geometric mean, " + bits + "-bit   " + kernel)
                .doesNotContain("\u001b", "WRONG");
        assertThat(Files.readString(svg)).startsWith("<svg ").contains("interpreter softtlb: ");
        assertThat(Files.readString(json))
                .contains("\"engine\": \"interpreter\"", "\"checksumOk\": true")
                .doesNotContain("\"checksumOk\": false");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--speed | no option '--speed'; trivium bench --help lists them",
                "--engine | --engine needs a value",
                "--repeat=few | --repeat few is not a number",
                "--bits 16 | 16 bits are neither 32 nor 64",
                "--engine qemu | no engine 'qemu'; there are bt, interpreter, vmi, vt",
                "--kernel linpack | no kernel 'linpack'; there are sieve, matmul, qsort, fib, mem,",
                "--svg /none/x.svg | /none/x.svg cannot be written: no such folder",
            })
    void wrongOptionsEndInOneSentence(String line, String sentence) {
        assertThat(bench(line)).isEqualTo(Main.WRONG_USAGE);
        assertThat(errors.toString(StandardCharsets.UTF_8))
                .startsWith("trivium bench: " + sentence)
                .hasLineCount(1);
        assertThat(printed()).isEmpty();
    }

    @Test
    void helpNamesEveryOption() {
        assertThat(bench("--help")).isZero();
        assertThat(printed())
                .contains("--engine", "--mmu", "--bits", "--kernel", "--repeat", "--limit")
                .contains("--svg", "--json", "--ascii");
    }
}
