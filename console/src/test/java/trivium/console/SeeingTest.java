package trivium.console;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import trivium.vm.CodeListing;
import trivium.vm.Vm;

/** Code and counters of engines as people see them. */
@Timeout(30)
class SeeingTest {
    private static final Map<String, Long> COUNTERS =
            Map.of(
                    "exit-tlb-miss", 300L,
                    "exit-io", 100L,
                    "interpreted-in", 60L,
                    "interpreted-out", 40L,
                    "blocks-translated", 80L,
                    "cache-bytes", 3L << 20,
                    "cache-capacity-bytes", 32L << 20,
                    "instructions-native", 3_000_000L);

    private final TestShell shell = new TestShell();
    private final FakeVm vm = shell.vms.add("a").running();

    @AfterEach
    void close() {
        shell.close();
    }

    // --- vm:disasm

    @Test
    void codeIsShownFromWhereTheVcpuIs() throws Exception {
        assertThat(shell.run("vm:disasm a").lines())
                .containsExactly(
                        "a, vCPU 0, engine interpreter: 32-bit code",
                        "0000fff0  89 d8  mov eax, ebx",
                        "0000fff2  eb fe  jmp 0xfff2");
    }

    @Test
    void anAddressIsHexAndTheCountBounds() throws Exception {
        assertThat(shell.run("vm:disasm a 0x7c00 --count 1").lines().skip(1))
                .containsExactly("00007c00  89 d8  mov eax, ebx");
        assertThat(shell.run("vm:disasm a ffffffff81000000 --json"))
                .contains("{\"address\": \"0xffffffff81000000\", \"bytes\": \"89 d8\"");
        assertThat(shell.error("vm:disasm a 7c0g")).startsWith("'7c0g' is no address");
        assertThat(shell.error("vm:disasm a --count 0")).isEqualTo("--count 0 is not 1 to 1000");
    }

    @Test
    void hostCodeStandsBesideTheInstructionItIsMadeOf() throws Exception {
        vm.host =
                List.of(
                        new CodeListing.Line(0x7f0010, "89 d8", "mov eax, ebx", 0),
                        new CodeListing.Line(0x7f0012, "90", "nop", 0),
                        new CodeListing.Line(0x7f0013, "c3", "ret", 1));

        assertThat(shell.run("vm:disasm a --host").lines())
                .containsExactly(
                        "a, vCPU 0, engine interpreter: 32-bit code, 4 bytes, translated to 4 bytes",
                        "0000fff0  89 d8  mov eax, ebx | 0000007f0010  89 d8  mov eax, ebx",
                        "                              | 0000007f0012  90     nop",
                        "0000fff2  eb fe  jmp 0xfff2   | 0000007f0013  c3     ret");
    }

    @Test
    void hostCodeOfNoInstructionStandsBehind() throws Exception {
        vm.host =
                List.of(
                        new CodeListing.Line(0x7f0010, "89 d8", "mov eax, ebx", 0),
                        new CodeListing.Line(0x7f0012, "c3", "ret", -1));

        assertThat(shell.run("vm:disasm a --host").lines().skip(1))
                .containsExactly(
                        "0000fff0  89 d8  mov eax, ebx | 0000007f0010  89 d8  mov eax, ebx",
                        "0000fff2  eb fe  jmp 0xfff2   |",
                        "                              | of no instruction: ways out",
                        "                              | 0000007f0012  c3     ret");
    }

    @Test
    void hostCodeThatNobodyAttributesStandsBesideFromTheTop() throws Exception {
        vm.host = List.of(new CodeListing.Line(0x7f0010, "c3", "ret", -1));

        assertThat(shell.run("vm:disasm a --host").lines().skip(1))
                .containsExactly(
                        "0000fff0  89 d8  mov eax, ebx | 0000007f0010  c3  ret",
                        "0000fff2  eb fe  jmp 0xfff2   |");
        vm.host = List.of();
        assertThat(shell.run("vm:disasm a --host")).contains("32-bit code, not translated");
    }

    // --- vm:stats

    @Test
    void exitsAreSortedByNumber() throws Exception {
        vm.statistics = new Vm.Statistics(4_000_000, 20_000_000, 90_000_000, COUNTERS);

        assertThat(shell.run("vm:stats a").lines().map(line -> line.replaceAll(" +", " ")))
                .contains(
                        "mips: 200.0",
                        "native: 75.00 %",
                        "instructionsPerExit: 7500.0",
                        "codeCache: 3.0 of 32.0 MiB",
                        "counters.blocks-translated: 80")
                .containsSequence(
                        "exits.tlb-miss: 300 (75.0 %)",
                        "exits.io: 100 (25.0 %)",
                        "interpreted.in: 60 (60.0 %)",
                        "interpreted.out: 40 (40.0 %)");
    }

    // --- vm:top

    @Test
    void ratesAreThoseOfTheInterval() {
        var rates =
                new Rates(
                        new Vm.Statistics(1_000_000, 0, 1_000_000_000L, Map.of("exit-io", 90L)),
                        new Vm.Statistics(5_000_000, 1_000_000_000L, 3_000_000_000L, COUNTERS));

        assertThat(rates.mips()).isEqualTo(2.0);
        assertThat(rates.cpuPercent()).isEqualTo(50.0);
        assertThat(rates.nativePercent()).hasValue(75.0);
        assertThat(rates.perSecond("exit-io")).hasValue(5.0);
        assertThat(rates.topExit()).hasValue("tlb-miss 97 %");
        assertThat(rates.perSecond("blocks-built")).isEmpty();
    }

    @Test
    void aVmThatWasStartedAnewCountsFromItsStart() {
        var rates =
                new Rates(
                        new Vm.Statistics(9_000_000, 900, 9_000_000_000L, Map.of("exit-io", 90L)),
                        new Vm.Statistics(2_000_000, 10, 1_000_000_000L, Map.of("exit-io", 7L)));

        assertThat(rates.mips()).isEqualTo(2.0);
        assertThat(rates.count("exit-io")).isEqualTo(7);
    }

    @Test
    void topInAPipeShowsOneTable() throws Exception {
        vm.statistics = new Vm.Statistics(4_000_000, 20_000_000, 90_000_000, COUNTERS);
        shell.vms.add("off");

        assertThat(shell.run("vm:top --interval 0.1"))
                .containsOnlyOnce("Code cache")
                .contains("3.0 of 32.0 MiB")
                .doesNotContain("off");
        assertThat(
                        shell.run("vm:top off --interval 0.1 --count 2")
                                .lines()
                                .filter(l -> l.startsWith("off")))
                .hasSize(2);
        assertThat(shell.error("vm:top --interval 0"))
                .isEqualTo("--interval 0.0 is not 0.1 to 3600");
        assertThat(shell.error("vm:top c")).startsWith("no VM 'c'");
    }

    @Test
    void topInATerminalGoesOnUntilQ() throws Exception {
        var keys = new PipedOutputStream();
        var shown = new ByteArrayOutputStream();
        try (Terminal terminal =
                TerminalBuilder.builder()
                        .system(false)
                        .streams(new PipedInputStream(keys), shown)
                        .encoding(StandardCharsets.UTF_8)
                        .type("xterm")
                        .build()) {
            shell.on(terminal);
            var command =
                    CompletableFuture.runAsync(() -> {
                        try {
                            shell.run("vm:top --interval 0.1");
                        } catch (Exception e) {
                            throw new AssertionError(e);
                        }
                    });
            while (shown.toString(StandardCharsets.UTF_8).split("q ends this", -1).length < 3) {
                Thread.sleep(10);
            }
            assertThat(command).isNotDone();

            keys.write('q');
            keys.flush();
            command.get(10, TimeUnit.SECONDS);
        }
    }
}
