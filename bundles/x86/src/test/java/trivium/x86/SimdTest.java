package trivium.x86;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import trivium.cpu.CpuModel;
import trivium.cpu.VcpuState;

/**
 * Who may use MMX and SSE, and how their exceptions arrive; what they compute is the recorded
 * vectors' matter. In real mode, where vector n is told by the handler at 0:100n.
 */
class SimdTest {
    private static final int HANDLERS = 0x2000, NONE = -1;
    private static final int UD = 6, NM = 7, GP = 13, MF = 16, XM = 19;
    private static final long EM = 1 << 2, TS = 1 << 3, OSFXSR = 1 << 9, OSXMMEXCPT = 1 << 10;

    private TestMachine m;

    @BeforeEach
    void powerOn() {
        start(CpuModel.X86_64);
    }

    private void start(CpuModel model) {
        m = new TestMachine(model);
        for (int vector = 0; vector < 32; vector++) {
            m.write(4 * vector, 4, HANDLERS + vector);
        }
        m.s.cr0 |= 1 << 5; // NE: #MF, not an interrupt
        m.s.cr4 |= OSFXSR | OSXMMEXCPT;
        m.s.mxcsr = 0x1f80;
        m.s.ftw = 0;
        m.s.fsw = 0;
    }

    @AfterEach
    void close() {
        m.close();
    }

    /** The vector of the exception that the instruction raised, or NONE. */
    private int outcome(String hex) {
        m.code(hex).step();
        long offset = m.s.rip - HANDLERS;
        return offset >= 0 && offset < 32 ? (int) offset : NONE;
    }

    @ParameterizedTest
    @CsvSource({
        "x86-64, 0f fc c1, true", // PADDB mm
        "pentium3, 0f fc c1, true",
        "i386, 0f fc c1, false",
        "pentium3, 0f 58 c1, true", // ADDPS
        "pentium3, 66 0f 58 c1, false", // ADDPD
        "pentium3, 66 0f fc c1, false", // PADDB xmm
        "pentium3, 0f d4 c1, false", // PADDQ mm came with SSE2
        "x86-64, 0f d4 c1, true",
        "pentium3, 0f e0 c1, true", // PAVGB mm came with SSE
        "pentium3, f2 0f 7c c1, false", // HADDPS
        "x86-64, f2 0f 7c c1, true",
        "x86-64, 66 0f 38 00 c1, true", // PSHUFB
        "pentium3, 0f 38 00 c1, false",
        "x86-64, 66 0f 3a 0e c1 05, true", // PBLENDW
        "x86-64, f2 0f 38 f1 c1, true", // CRC32
        "x86-64, f3 0f 58 c1, true", // ADDSS
        "x86-64, f3 0f fc c1, false", // PADDB with F3
        "x86-64, 66 0f 38 dc c1, false", // AESENC
        "x86-64, 66 0f 3a 44 c1 00, false", // PCLMULQDQ
        "x86-64, c4 e2 79 18 06, false", // VEX outside protected mode is LES with a register
    })
    void existsOnlyWhereAnnounced(String model, String hex, boolean exists) {
        start(CpuModel.of(model));

        assertThat(outcome(hex)).isEqualTo(exists ? NONE : UD);
    }

    @Test
    void emulationMakesThemUndefined() {
        m.s.cr0 |= EM;
        assertThat(outcome("0f 58 c1")).isEqualTo(UD);
        m.s.rip = TestMachine.CODE;
        assertThat(outcome("0f fc c1")).isEqualTo(UD);
    }

    @Test
    void taskSwitchedMakesThemUnavailable() {
        m.s.cr0 |= TS;
        assertThat(outcome("0f 58 c1")).isEqualTo(NM);
        m.s.rip = TestMachine.CODE;
        assertThat(outcome("0f fc c1")).isEqualTo(NM);
        m.s.rip = TestMachine.CODE;
        assertThat(outcome("0f 77")).isEqualTo(NM);
    }

    @Test
    void sseNeedsAnOperatingSystemThatSavesItsRegisters() {
        m.s.cr4 &= ~OSFXSR;
        assertThat(outcome("0f 58 c1")).isEqualTo(UD);
        m.s.rip = TestMachine.CODE;
        assertThat(outcome("0f fc c1")).isEqualTo(NONE);
        assertThat(outcome("0f ae f8")).isEqualTo(NONE); // SFENCE
        assertThat(outcome("0f c3 06 00 30")).isEqualTo(NONE); // MOVNTI [3000],EAX
        assertThat(outcome("f2 0f 38 f1 c1")).isEqualTo(NONE); // CRC32
    }

    @Test
    void alignedInstructionsFaultOnOtherAddresses() {
        assertThat(outcome("0f 28 06 08 30")).isEqualTo(GP); // MOVAPS xmm0,[3008]
        m.s.rip = TestMachine.CODE;
        assertThat(outcome("0f 10 06 08 30")).isEqualTo(NONE); // MOVUPS
        assertThat(outcome("0f 28 06 10 30")).isEqualTo(NONE);
        assertThat(outcome("66 0f fe 06 04 30")).isEqualTo(GP); // PADDD
        m.s.rip = TestMachine.CODE;
        assertThat(outcome("f3 0f 58 06 02 30")).isEqualTo(NONE); // ADDSS
        assertThat(outcome("66 0f 3a 63 06 01 30 00")).isEqualTo(NONE); // PCMPISTRI
    }

    @Test
    void mmxTakesOverTheX87Registers() {
        m.s.fsw = 3 << 11;
        m.s.fpMantissa[1] = 0x0102_0304_0506_0708L;
        assertThat(outcome("0f fc c1")).isEqualTo(NONE);

        assertThat(m.s.fsw >> 11 & 7).isZero();
        assertThat(m.s.ftw).isEqualTo(0xff);
        assertThat(m.s.fpMantissa[0]).isEqualTo(0x0102_0304_0506_0708L);
        assertThat(m.s.fpSignExponent[0]).isEqualTo(0xffff);
        assertThat(outcome("0f 77")).isEqualTo(NONE);
        assertThat(m.s.ftw).isZero();
    }

    @Test
    void mmxReportsPendingX87Exceptions() {
        m.s.fsw = 0x8081;
        m.s.fcw = 0x37e;

        assertThat(outcome("0f fc c1")).isEqualTo(MF);
    }

    @Test
    void unmaskedExceptionLeavesTheDestinationAlone() {
        m.s.mxcsr = 0x1f80 & ~(1 << 9); // ZM
        m.s.xmm[0] = 0x3f80_0000L;
        m.s.xmm[2] = 0;

        assertThat(outcome("f3 0f 5e c1")).isEqualTo(XM); // DIVSS

        assertThat(m.s.xmm[0]).isEqualTo(0x3f80_0000L);
        assertThat(m.s.mxcsr & 0x3f).isEqualTo(4);
    }

    @Test
    void withoutAHandlerTheExceptionIsUndefinedOpcode() {
        m.s.cr4 &= ~OSXMMEXCPT;
        m.s.mxcsr = 0x1f80 & ~(1 << 9);
        m.s.xmm[0] = 0x3f80_0000L;

        assertThat(outcome("f3 0f 5e c1")).isEqualTo(UD);
    }

    @Test
    void mxcsrTakesOnlyWhatTheProcessorHas() {
        m.write(0x3000, 4, 0x1_1f80);
        assertThat(outcome("0f ae 16 00 30")).isEqualTo(GP);
        start(CpuModel.PENTIUM3);
        m.write(0x3000, 4, 0x1fc0); // DAZ
        assertThat(outcome("0f ae 16 00 30")).isEqualTo(GP);
        start(CpuModel.X86_64);
        m.write(0x3000, 4, 0xffc0);
        assertThat(outcome("0f ae 16 00 30")).isEqualTo(NONE);
        assertThat(m.s.mxcsr).isEqualTo(0xffc0);
    }

    @Test
    void maskedMoveStoresAllOrNothing() {
        m.s.gpr[VcpuState.RDI] = 0xfff8;
        m.s.xmm[0] = 0x1111_1111_1111_1111L;
        m.s.xmm[1] = 0x2222_2222_2222_2222L;
        m.s.xmm[2] = -1;
        m.s.xmm[3] = 0;
        assertThat(outcome("66 0f f7 c1")).isEqualTo(NONE);
        assertThat(m.read(0xfff8, 8)).isEqualTo(0x1111_1111_1111_1111L);

        m.s.xmm[0] = 0;
        m.s.xmm[3] = 0x80;
        m.s.gpr[VcpuState.RDI] = 0xfff8;
        m.s.segments[VcpuState.DS].limit = 0xfffb;
        assertThat(outcome("66 0f f7 c1")).isEqualTo(GP);
        assertThat(m.read(0xfff8, 8)).isEqualTo(0x1111_1111_1111_1111L);
    }
}
