package trivium.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import trivium.cpu.Vcpu;
import trivium.cpu.VcpuState;
import trivium.machine.boot.Firmware;
import trivium.machine.life.Catalog;
import trivium.machine.life.VirtualMachine;
import trivium.machine.lockstep.LockStepRun;
import trivium.vm.LockStep;

/** What {@code --lockstep} finds, and that it finds nothing where there is nothing. */
@Timeout(180)
class LockStepTest {
    private static final int ZF = 1 << 6, AF = 1 << 4;

    /** mov esp, 0x180000; mov ecx, 200000. */
    private static final String START = "bc 00 00 18 00 b9 40 0d 03 00";

    /** xor eax, ecx; add ebx, eax; imul ebx, ebx, 3; push ebx; pop edx; dec ecx; jnz. */
    private static final String LOOP = "31 c8 01 c3 6b db 03 53 5a 49 75 f4";

    /** mov al, 0; out 0xf4, al; hlt. */
    private static final String END = "b0 00 e6 f4 fa f4";

    private static final long MILLION = 1_000_000;

    private final ByteArrayOutputStream errors = new ByteArrayOutputStream();
    @TempDir Path folder;

    private int lockstep(WrongEngine.Mistake mistake, String code, String... more)
            throws IOException {
        Path kernel = Files.write(folder.resolve("kernel"), BootCommandTest.multiboot(code));
        List<String> args = new ArrayList<>(List.of("--kernel", kernel.toString()));
        args.addAll(List.of("--memory", "4", "--debug-exit", "--serial", "none"));
        args.addAll(List.of("--lockstep", WrongEngine.NAME));
        args.addAll(List.of(more));
        Catalog catalog = Wiring.catalog();
        catalog.add(new WrongEngine(mistake));
        PrintStream err = new PrintStream(errors, true);
        return new BootCommand(System.out, err, catalog).run(args);
    }

    private String said() {
        return errors.toString(StandardCharsets.UTF_8);
    }

    private static void flip(Vcpu vcpu, int flag) {
        vcpu.state().rflags ^= flag;
    }

    @Test
    void equalEnginesRunToTheEnd() throws IOException {
        var none = new WrongEngine.Once(Long.MAX_VALUE, _ -> {});

        assertThat(lockstep(none, START + LOOP + END)).isZero();
        assertThat(said()).contains("1,400,004 instructions were equal; debug exit 0");
    }

    @ParameterizedTest
    @ValueSource(strings = {"1000", "100000", "7000000"})
    void aWrongFlagIsFoundAtItsInstruction(String chunk) throws IOException {
        var mistake = new WrongEngine.Once(MILLION, vcpu -> flip(vcpu, ZF));

        int status = lockstep(mistake, START + LOOP + END, "--lockstep-chunk", chunk);

        assertThat(status).isEqualTo(3);
        assertThat(said())
                .contains("999,999 instructions were equal")
                .contains("wrong differs from interpreter after instruction 1000000.")
                .containsPattern(">    1000000  0010:00100033  49 +dec ecx")
                .containsPattern("rflags +\\* [0-9a-f]{16}   [0-9a-f]{16} ZF\n");
    }

    @Test
    void aWrongByteInMemoryThatNobodyReadsIsFound() throws IOException {
        var mistake =
                new WrongEngine.Once(777_777, vcpu -> vcpu.memory().write(0x30_0003, 1, 0x55));

        assertThat(lockstep(mistake, START + LOOP + END)).isEqualTo(3);
        assertThat(said())
                .contains("wrong differs from interpreter after instruction 777777.")
                .contains("RAM at 0x300000")
                .contains("00 00 00 55 00");
    }

    /** As of a translated block: seen only when it runs as a whole. */
    @Test
    void aPieceThatIsWrongOnlyAsAWholeIsShownWhole() throws IOException {
        var mistake =
                new WrongEngine.Mistake() {
                    private boolean whole;

                    @Override
                    public long next(Vcpu vcpu, long from, long most) {
                        whole = from < 512_345 && from + most >= 512_355;
                        return whole ? 512_355 - from : most;
                    }

                    @Override
                    public void make(Vcpu vcpu, long count) {
                        if (whole) {
                            vcpu.state().gpr[VcpuState.RBX] ^= 1;
                        }
                    }
                };

        assertThat(lockstep(mistake, START + LOOP + END)).isEqualTo(3);
        assertThat(said())
                .contains("after instruction 512355, if all since 512345 run in one go")
                .containsPattern("rbx +\\* ")
                .containsPattern("\n>     512345 .*\n>     512346 ");
    }

    /** After each XOR of this program AF is wrong, which it may be. */
    private record AfterXor(int flag) implements WrongEngine.Mistake {
        private static final int XOR = 0x31;

        @Override
        public long next(Vcpu vcpu, long from, long most) {
            return 1;
        }

        @Override
        public void make(Vcpu vcpu, long count) {
            VcpuState s = vcpu.state();
            if (vcpu.memory().read(s.rip - 2, 1) == XOR) {
                flip(vcpu, flag);
            }
        }
    }

    @Test
    void undefinedFlagsMayDifferEvenWhereTheyAreStored() throws IOException {
        // mov ecx, 2000; again: xor eax, ecx; pushf; pop edx; and edx, 0xffffffef; loop
        String code =
                "bc 00 00 18 00 b9 d0 07 00 00 31 c8 9c 8f 44 24 f8 49 75 f6 31 c9 00 c9" + END;

        assertThat(lockstep(new AfterXor(AF), code, "--lockstep-chunk", "1003")).isZero();
        assertThat(said()).contains("undefined status flags differed");
    }

    /** Only a piece of code that ends with the guest leaves AF wrong, as a block may. */
    private record AtTheEnd(int flag, long end) implements WrongEngine.Mistake {
        @Override
        public long next(Vcpu vcpu, long from, long most) {
            return most;
        }

        @Override
        public void make(Vcpu vcpu, long count) {
            if (count == end) {
                flip(vcpu, flag);
            }
        }
    }

    @Test
    void undefinedFlagsMayDifferAtTheVeryEnd() throws IOException {
        String code = START + LOOP + "31 c0" + END;
        long end = 7 * 200_000 + 5;

        assertThat(lockstep(new AtTheEnd(AF, end), code)).as(said()).isZero();
        assertThat(said()).contains("debug exit 0").contains("undefined status flags differed");
        assertThat(lockstep(new AtTheEnd(ZF, end), code)).isEqualTo(3);
    }

    @Test
    void definedFlagsMayNot() throws IOException {
        String code = "bc 00 00 18 00 b9 d0 07 00 00" + LOOP + END;

        assertThat(lockstep(new AfterXor(ZF), code, "--lockstep-chunk", "1003")).isEqualTo(3);
        assertThat(said()).containsPattern("\\n> .* xor eax, ecx\\n\\n");
    }

    @Test
    void aPausedVmIsCopiedAndGoesOnAfterwards() throws Exception {
        // forever: inc ecx; mov [0x300000], ecx; rdtsc; jmp forever
        String code = "31 c9 41 89 0d 00 00 30 00 0f 31 eb f5";
        Path kernel = Files.write(folder.resolve("kernel"), BootCommandTest.multiboot(code));
        List<String> args = List.of("--kernel", kernel.toString(), "--memory", "4");
        Catalog catalog = Wiring.catalog();
        catalog.add(
                new WrongEngine(
                        new WrongEngine.Once(
                                Long.MAX_VALUE, vcpu -> vcpu.state().gpr[VcpuState.RBX]++)));
        var firmware = new Firmware(List.of());
        var config = BootOptions.parse(args).config();
        var asked =
                new LockStep.Options(
                        WrongEngine.NAME, LockStep.REFERENCE, 300_000, 100_000, _ -> {}, _ -> true);
        try (var vm = new VirtualMachine(config, catalog, firmware, _ -> {})) {
            vm.start();
            Thread.sleep(200);
            vm.pause();
            String before = vm.registers(0);
            try (var run = new LockStepRun(config, catalog, firmware, asked)) {
                assertThat(vm.whilePaused(run::startFrom)).isTrue();
                assertThat(run.run().difference()).isEmpty();
            }
            assertThat(vm.registers(0)).isEqualTo(before);
            vm.resume();
            assertThat(vm.whilePaused(_ -> {})).isFalse();
        }
    }

    @Test
    void moreThanOneCpuIsRefused() throws IOException {
        var none = new WrongEngine.Once(Long.MAX_VALUE, _ -> {});
        assertThat(lockstep(none, END, "--cpus", "2")).isEqualTo(2);
        assertThat(said()).contains("lock-step needs one CPU; 2 are set");
    }
}
