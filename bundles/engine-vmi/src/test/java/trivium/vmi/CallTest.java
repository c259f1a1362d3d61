package trivium.vmi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static trivium.vmi.Guest.*;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import trivium.vm.Vm.Outcome;

/**
 * Every call of the ROM, by a guest of ours: without a hypervisor ("bt" and "interpreter": the ROM
 * does what is to be done), and under it ("vmi").
 */
class CallTest {
    private static final byte[] ROM = Pc.rom(Rom.Variant.FULL, Map.of());

    /** Those that have a test of their own. */
    private static final Set<Call> OWN =
            EnumSet.of(Call.REBOOT, Call.SHUTDOWN, Call.SET_INITIAL_AP_STATE);

    /** Those of which no effect is to be seen but that registers stay as they were. */
    private static final Set<Call> SILENT =
            EnumSet.of(
                    Call.WBINVD,
                    Call.UPDATE_KERNEL_STACK,
                    Call.UPDATE_PXE,
                    Call.UPDATE_PXE_LONG,
                    Call.ALLOCATE_PAGE,
                    Call.RELEASE_PAGE,
                    Call.SET_LINEAR_MAPPING,
                    Call.IO_DELAY,
                    Call.SET_LAZY_MODE);

    private static final byte[] DOES_NOTHING = {(byte) 0xc3};
    private static final byte[] LOSES_ESI = {(byte) 0xf7, (byte) 0xd6, (byte) 0xc3};
    private static final byte[] INVERTS_EAX = {(byte) 0xf7, (byte) 0xd0, (byte) 0xc3};

    @TempDir Path folder;

    static Stream<Arguments> calls() {
        return Stream.of("interpreter", "bt", "vmi")
                .flatMap(engine ->
                        Arrays.stream(Call.values())
                                .filter(call -> !OWN.contains(call))
                                .map(call -> Arguments.of(engine, call)));
    }

    private Pc pc(Guest.Program program, String engine, byte[] rom) throws Exception {
        return new Pc(folder, Guest.image(program), engine, 1, rom);
    }

    @ParameterizedTest
    @MethodSource("calls")
    void doesWhatItIsFor(String engine, Call call) throws Exception {
        var check = CallChecks.of(call);
        try (Pc pc = pc(check.program(), engine, ROM)) {
            check.verify().accept(pc.results().values());
        }
    }

    /** The tests above are worth something: each finds its call done wrong. */
    @ParameterizedTest
    @MethodSource("wrongCalls")
    void isFoundWrong(Call call, byte[] wrong) throws Exception {
        var check = CallChecks.of(call);
        try (Pc pc = pc(check.program(), "vmi", Pc.rom(Rom.Variant.FULL, Map.of(call, wrong)))) {
            assertThatThrownBy(
                            () -> {
                                assertThat(pc.lasts(3000)).isFalse();
                                check.verify().accept(pc.results().values());
                            })
                    .isInstanceOf(AssertionError.class);
        }
    }

    static Stream<Arguments> wrongCalls() {
        return Arrays.stream(Call.values())
                .filter(call -> !OWN.contains(call) && call.relocation() != Call.NONE)
                .map(call -> Arguments.of(call, wrong(call)));
    }

    private static byte[] wrong(Call call) {
        if (SILENT.contains(call)) {
            return LOSES_ESI;
        }
        return switch (call) {
            case MACHINE_TO_PHYSICAL, PHYSICAL_TO_MACHINE -> INVERTS_EAX;
            default -> DOES_NOTHING;
        };
    }

    /** Memory keeps its content over a reset, where the guest finds that it was here before. */
    @ParameterizedTest
    @CsvSource({"interpreter, 0", "interpreter, 1", "vmi, 0", "vmi, 1"})
    void rebootBeginsAnew(String engine, int hard) throws Exception {
        int mark = 0x3f_0000, here = 0x4f4f_1234;
        Guest.Program program =
                g -> {
                    Code.Label again = g.label();
                    g.load(EAX, mark).emit(0x3d).address(here).emit(0x0f, 0x84).distanceTo(again);
                    g.put(mark, here).call(Call.REBOOT, hard).exit(5).bind(again).report(EAX);
                };
        try (Pc pc = pc(program, engine, ROM)) {
            assertThat(pc.results().values()).containsExactly(here);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"interpreter", "vmi"})
    void shutdownEndsThisCpu(String engine) throws Exception {
        Guest.Program program =
                g -> g.unmaskIrq0().pitSoon().emit(0xfb).call(Call.SHUTDOWN).exit(5);
        try (Pc pc = pc(program, engine, ROM)) {
            if (engine.equals("vmi")) {
                assertThat(pc.end()).isEqualTo(new Outcome.PoweredOff("VMI"));
            } else {
                assertThat(pc.lasts(500)).isTrue();
            }
        }
    }
}
