package trivium.x86;

import static org.assertj.core.api.Assertions.assertThat;
import static trivium.cpu.VcpuState.RAX;
import static trivium.x86.ProtectedMachine.*;
import static trivium.x86.TestMachine.CODE;

import org.junit.jupiter.api.Test;

/** Breakpoints, single step, DR6 and DR7 (SDM Vol. 3B "Debug Registers"). */
class DebugTest {
    private static final long TF = 1 << 8, RF = 1 << 16, BS = 1 << 14, BD = 1 << 13;
    private static final int EXECUTE = 0, WRITE = 1, READ_WRITE = 3;
    private static final int DATA = 0x6800;

    private final ProtectedMachine p = new ProtectedMachine();
    private final TestMachine m = p.m;

    private void breakpoint(int n, long linear, int kind, int lengthCode) {
        m.s.dr[n] = linear;
        m.s.dr[7] |= 2L << 2 * n | (long) (kind | lengthCode << 2) << 16 + 4 * n;
    }

    @Test
    void instructionBreakpointComesBeforeTheInstruction() {
        breakpoint(0, CODE + 1, EXECUTE, 0);
        m.code("40 40 40");
        assertThat(p.vector()).isEqualTo(1);
        assertThat(p.stack(0)).isEqualTo(CODE + 1);
        assertThat(m.s.gpr[RAX]).isEqualTo(1);
        assertThat(m.s.dr[6] & 0xf).isEqualTo(1);
        assertThat(p.stack(2) & RF).isZero();
    }

    @Test
    void resumeFlagPassesTheBreakpointOnce() {
        breakpoint(0, CODE, EXECUTE, 0);
        m.code("40 eb fd"); // INC EAX; JMP back
        m.s.rflags |= RF;
        assertThat(p.vector()).isEqualTo(1);
        assertThat(m.s.gpr[RAX]).isEqualTo(1);
        assertThat(p.stack(0)).isEqualTo(CODE);
    }

    @Test
    void dataBreakpointTrapsAfterTheWrite() {
        breakpoint(1, DATA, WRITE, 3);
        m.code("a1 00 68 00 00 a2 03 68 00 00 90"); // MOV EAX,[6800]; MOV [6803],AL
        assertThat(p.vector()).isEqualTo(1);
        assertThat(p.stack(0)).isEqualTo(CODE + 10);
        assertThat(m.s.dr[6] & 0xf).isEqualTo(2);
    }

    @Test
    void readBreakpointSeesReads() {
        breakpoint(2, DATA + 4, READ_WRITE, 0);
        m.code("a1 01 68 00 00 90"); // touches 6801 to 6804
        assertThat(p.vector()).isEqualTo(1);
        assertThat(m.s.dr[6] & 0xf).isEqualTo(4);
    }

    @Test
    void accessBesideTheRangeDoesNotTrap() {
        breakpoint(2, DATA + 4, READ_WRITE, 0);
        m.code("a1 05 68 00 00 f4");
        assertThat(p.vector()).isEqualTo(-1);
    }

    @Test
    void movSsHoldsTheTrapBack() {
        m.s.rflags |= TF;
        m.s.gpr[RAX] = DATA0;
        m.code("8e d0 40 40");
        assertThat(p.vector()).isEqualTo(1);
        assertThat(p.stack(0)).isEqualTo(CODE + 3);
    }

    @Test
    void popfSettingTfTrapsAfterTheNext() {
        m.s.gpr[4] -= 4;
        m.write(m.s.gpr[4], 4, 0x102);
        m.code("9d 40 40");
        assertThat(p.vector()).isEqualTo(1);
        assertThat(p.stack(0)).isEqualTo(CODE + 2);
        assertThat(m.s.dr[6] & BS).isEqualTo(BS);
    }

    @Test
    void softwareInterruptIsNotSingleStepped() {
        m.s.rflags |= TF;
        m.code("cd 41");
        assertThat(p.vector()).isEqualTo(0x41);
        assertThat(p.stack(2) & TF).isEqualTo(TF);
    }

    @Test
    void generalDetectGuardsTheRegisters() {
        m.s.dr[7] |= 1 << 13;
        m.code("0f 23 c0"); // MOV DR0,EAX
        assertThat(p.vector()).isEqualTo(1);
        assertThat(p.stack(0)).isEqualTo(CODE);
        assertThat(m.s.dr[6] & BD).isEqualTo(BD);
        assertThat(m.s.dr[7] & 1 << 13).isZero();
    }

    @Test
    void int1NeedsNoGateOfTheRing() {
        p.ring3();
        m.code("f1");
        assertThat(p.vector()).isEqualTo(1);
        assertThat(p.stack(0)).isEqualTo(CODE + 1);
    }

    @Test
    void reservedBitsReadAsTheyMust() {
        m.s.gpr[RAX] = 0xffff_ffffL;
        m.code("0f 23 f0 0f 21 f3 0f 23 f8 0f 21 f9"); // DR6 to EBX, DR7 to ECX
        m.s.dr[7] = 0x400;
        m.steps(2);
        assertThat(m.s.gpr[3]).isEqualTo(0xffff_efffL);
        m.s.gpr[RAX] = 0xffff_df00L;
        m.steps(1);
        assertThat(m.s.dr[7]).isEqualTo(0xffff_0700L);
    }

    @Test
    void dr4IsDr6UnlessDe() {
        m.s.dr[6] = 0xffff_0ff1L;
        m.code("0f 21 e3 0f 21 e3");
        m.steps(1);
        assertThat(m.s.gpr[3]).isEqualTo(0xffff_0ff1L);
        m.s.cr4 |= 8;
        assertThat(p.vector()).isEqualTo(6);
    }
}
