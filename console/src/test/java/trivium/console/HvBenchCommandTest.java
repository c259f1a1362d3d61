package trivium.console;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.jline.terminal.Size;
import org.jline.terminal.impl.ExternalTerminal;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import trivium.vm.Benchmark.Look;
import trivium.vm.Benchmark.Plan;

class HvBenchCommandTest {
    private final TestShell shell = new TestShell();
    @TempDir Path folder;

    @AfterEach
    void close() {
        shell.close();
    }

    @Test
    void printsAChartOfTheUsual() throws Exception {
        assertThat(shell.run("hv:bench")).isEqualTo("chart\n");
        assertThat(shell.benchmark.asked)
                .isEqualTo(new Plan(List.of(), List.of(), List.of(), List.of(), 0, 60));
        assertThat(shell.benchmark.look).isEqualTo(new Look(80, true, false));
    }

    @Test
    void asksForWhatItIsTold() throws Exception {
        shell.run(
                "hv:bench --engine bt --engine vt --mmu softtlb --bits 64 --bits 32 --kernel chase"
                        + " --repeat 5 --limit 7 --ascii");

        assertThat(shell.benchmark.asked)
                .isEqualTo(
                        new Plan(
                                List.of("bt", "vt"),
                                List.of("softtlb"),
                                List.of(64, 32),
                                List.of("chase"),
                                5,
                                7));
        assertThat(shell.benchmark.look).isEqualTo(new Look(80, false, false));
    }

    @Test
    void writesFilesWhereTheSessionStands() throws Exception {
        shell.in(folder).run("hv:bench --svg chart.svg --json figures.json");

        assertThat(folder.resolve("chart.svg")).hasContent("<svg/>");
        assertThat(folder.resolve("figures.json")).hasContent("{}");
    }

    @Test
    void complainsOfAFolderThatIsNotThereBeforeItMeasures() {
        assertThat(shell.in(folder).error("hv:bench --svg none/chart.svg"))
                .isEqualTo(folder.resolve("none/chart.svg") + " cannot be written: no such folder");
        assertThat(shell.benchmark.asked).isNull();
    }

    @Test
    void endsInAnErrorIfSomethingWasWrong() {
        shell.benchmark.right = false;

        assertThat(shell.error("hv:bench")).isEqualTo("some results were wrong: see above");
        assertThat(shell.error("hv:bench --engine qemu"))
                .isEqualTo("no engine 'qemu'; there are bt");
    }

    @Test
    void endsAtCtrlC() {
        shell.benchmark.interrupted = true;

        assertThat(shell.error("hv:bench")).isEqualTo("interrupted");
    }

    @Test
    void showsProgressAndColoursInATerminal() throws Exception {
        var screen = new ByteArrayOutputStream();
        try (var terminal =
                new ExternalTerminal(
                        "test",
                        "xterm",
                        new ByteArrayInputStream(new byte[0]),
                        screen,
                        StandardCharsets.US_ASCII)) {
            terminal.setSize(new Size(101, 30));
            String printed = shell.on(terminal).raw("hv:bench");

            assertThat(printed)
                    .isEqualTo("\r\u001b[K1 of 2: chase, 32-bit, bt softtlb\r\u001b[Kchart\n");
            assertThat(shell.benchmark.look).isEqualTo(new Look(101, false, true));
        }
    }

    @Test
    void completes() {
        assertThat(shell.complete("hv:bench --kernel c")).containsExactly("chase");
        assertThat(shell.complete("hv:bench --bits ")).contains("32", "64");
        assertThat(shell.complete("hv:bench --engine ")).contains("auto", "interpreter");
        assertThat(shell.complete("hv:bench --mmu ")).contains("softtlb");
    }
}
