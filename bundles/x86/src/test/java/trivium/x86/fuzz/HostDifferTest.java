package trivium.x86.fuzz;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import trivium.cpu.VcpuState;
import trivium.x86.InterpreterEngine;

/** Random user code ends on the host's CPU as it does in the interpreter. */
class HostDifferTest {
    private static final int PROGRAMS = 1500;

    @BeforeEach
    void hostCan() {
        assumeTrue(HostDiffer.missing().isEmpty(), () -> HostDiffer.missing().orElseThrow());
    }

    @Test
    void theInterpreterDoesWhatTheHostDoes() throws IOException {
        long fresh = new Random().nextInt(Integer.MAX_VALUE);
        System.out.println("programs on the host, the last seed: " + fresh);
        try (HostDiffer differ = new HostDiffer(new InterpreterEngine())) {
            for (int seed = 1; seed <= PROGRAMS; seed++) {
                same(differ, seed);
            }
            same(differ, fresh);
            assertThat(differ.instructions()).isGreaterThan(5 * PROGRAMS);
        }
    }

    private static void same(HostDiffer differ, long seed) {
        if (differ.check(seed) instanceof Differ.Different different) {
            assertThat(different.report()).isEmpty();
        }
    }

    @Test
    void anEngineWithAMistakeDiffers() throws IOException {
        var mistaken = new SpoilingEngine(new InterpreterEngine(), s -> s.fpMantissa[3] ^= 1);
        try (HostDiffer differ = new HostDiffer(mistaken)) {
            assertThat(differ.check(1))
                    .isInstanceOfSatisfying(
                            Differ.Different.class,
                            d ->
                                    assertThat(d.report())
                                            .contains("the engine differs", "mantissa3"));
        }
    }

    /** What the host does is its own: INC RAX, and PADDB of MM3 with itself, from a given state. */
    @Test
    void theHostRunsWhatItIsGiven() throws IOException {
        try (HostCpu host = new HostCpu(HostBoard.DATA_BYTES)) {
            VcpuState s = new VcpuState();
            s.gpr[VcpuState.RAX] = 0x7fff_ffff_ffff_ffffL;
            s.gpr[VcpuState.RDI] = 77;
            s.rflags = 3;
            s.fcw = 0x37f;
            s.mxcsr = 0x1f80;
            s.fpMantissa[3] = 0x0102_0304_0506_0788L;

            host.run(
                    new byte[] {0x48, (byte) 0xff, (byte) 0xc0, 0x0f, (byte) 0xfc, (byte) 0xdb}, s);

            assertThat(s.gpr[VcpuState.RAX]).isEqualTo(Long.MIN_VALUE);
            assertThat(s.gpr[VcpuState.RDI]).isEqualTo(77);
            assertThat(s.rflags).isEqualTo(0x897);
            assertThat(s.fpMantissa[3]).isEqualTo(0x0204_0608_0a0c_0e10L);
            assertThat(s.ftw).isEqualTo(0xff);
        }
    }
}
