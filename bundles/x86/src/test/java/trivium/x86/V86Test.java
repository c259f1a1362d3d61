package trivium.x86;

import static org.assertj.core.api.Assertions.assertThat;
import static trivium.cpu.VcpuState.CS;
import static trivium.cpu.VcpuState.DS;
import static trivium.cpu.VcpuState.ES;
import static trivium.cpu.VcpuState.GS;
import static trivium.cpu.VcpuState.RSP;
import static trivium.cpu.VcpuState.SS;
import static trivium.x86.ProtectedMachine.*;

import org.junit.jupiter.api.Test;

/** Virtual-8086 mode, with and without its extensions (SDM Vol. 3B "8086 Emulation"). */
class V86Test {
    private static final long IF = 1 << 9, VM = 1 << 17, VIF = 1 << 19, VIP = 1 << 20;
    private static final int V86_CODE = 0x1000, IO_MAP = 136;

    private final ProtectedMachine p = new ProtectedMachine();
    private final TestMachine m = p.m;

    @Test
    void faultGoesToRing0WithAllSegmentsPushed() {
        p.v86(3);
        m.code(V86_CODE, "0f 00 c0"); // SLDT: not recognized
        assertThat(p.vector()).isEqualTo(6);
        assertThat(m.s.gpr[RSP]).isEqualTo(STACK0 - 36);
        long[] expected = {0, 0x100, 0x3_3002 | 1 << 16, 0x1000, 0x800, 0x200, 0x300, 0x400, 0x500};
        for (int i = 0; i < expected.length; i++) {
            assertThat(p.stack(i)).as("dword %d", i).isEqualTo(expected[i]);
        }
        assertThat(m.s.rflags & VM).isZero();
        assertThat(m.s.segments[DS].attributes).isZero();
    }

    @Test
    void interruptAndIretKeepTheWholeState() {
        p.v86(3);
        m.code(V86_CODE, "90 90");
        m.s.rflags |= IF;
        m.interrupt(0x41);
        m.code(handler(0x41), "cf");
        m.steps(1);
        m.steps(1);
        assertThat(m.s.rflags & VM).isEqualTo(VM);
        assertThat(m.s.segments[CS].selector).isEqualTo(0x100);
        assertThat(m.s.segments[ES].selector).isEqualTo(0x200);
        assertThat(m.s.segments[GS].base).isEqualTo(0x5000);
        assertThat(m.s.segments[SS].attributes).isEqualTo(0xf3);
        assertThat(m.s.gpr[RSP]).isEqualTo(0x1000);
    }

    @Test
    void sensitiveInstructionsNeedIopl3() {
        for (String code : new String[] {"fa", "fb", "9c", "9d", "cd 20", "cf"}) {
            try (ProtectedMachine q = new ProtectedMachine()) {
                q.v86(0);
                q.m.code(V86_CODE, code);
                assertThat(q.fault()).as(code).isEqualTo("13(0) 0");
            }
        }
    }

    @Test
    void int3NeedsNoIopl() {
        p.gate(3, CODE0, handler(3), 0xee);
        p.v86(0);
        m.code(V86_CODE, "cc");
        assertThat(p.vector()).isEqualTo(3);
    }

    @Test
    void gateToAnotherRingThan0IsRefused() {
        p.descriptor(FREE, 0, 0xfffff, 0xc0fb);
        p.gate(0x41, FREE | 3, handler(0x41), 0xee);
        p.v86(3);
        m.code(V86_CODE, "cd 41");
        assertThat(p.fault()).isEqualTo("13(58) 0");
    }

    @Test
    void pushfShowsIopl() {
        p.v86(3);
        m.code(V86_CODE, "9c");
        m.steps(1);
        assertThat(m.read(0x8ffe, 2)).isEqualTo(0x3002);
    }

    @Test
    void popfLeavesIoplAlone() {
        p.v86(3);
        m.write(0x9000, 2, 0x0ed7);
        m.code(V86_CODE, "9d");
        m.steps(1);
        assertThat(m.s.rflags & 0x3_ffff).isEqualTo(0x2_3ed7);
    }

    // ---- VME

    private void vme() {
        m.s.cr4 |= 1;
        m.write(TSS + 102, 2, IO_MAP);
        for (int i = 0; i < 32; i++) {
            m.bytes(TSS + IO_MAP - 32 + i, 0);
        }
        p.v86(0);
    }

    @Test
    void redirectedInterruptStaysInV86() {
        vme();
        m.write(0x20 * 4, 4, 0x0123_0045);
        m.s.rflags |= VIF | IF;
        m.code(V86_CODE, "cd 20");
        m.steps(1);
        assertThat(m.s.segments[CS].selector).isEqualTo(0x123);
        assertThat(m.s.rip).isEqualTo(0x45);
        assertThat(m.read(0x8ffe, 2)).isEqualTo(0x3202); // IOPL 3, IF is VIF
        assertThat(m.s.rflags & (VIF | IF)).isEqualTo(IF);
    }

    @Test
    void interruptNotRedirectedFaultsBelowIopl3() {
        vme();
        m.bytes(TSS + IO_MAP - 32 + 4, 1);
        m.code(V86_CODE, "cd 20");
        assertThat(p.fault()).isEqualTo("13(0) 0");
    }

    @Test
    void cliAndStiMoveVif() {
        vme();
        m.code(V86_CODE, "fb fa");
        m.steps(1);
        assertThat(m.s.rflags & VIF).isEqualTo(VIF);
        m.steps(1);
        assertThat(m.s.rflags & VIF).isZero();
    }

    @Test
    void stiWithPendingVirtualInterruptFaults() {
        vme();
        m.s.rflags |= VIP;
        m.code(V86_CODE, "fb");
        assertThat(p.fault()).isEqualTo("13(0) 0");
    }

    // ---- I/O permissions

    @Test
    void portsGoByTheBitmapEvenAtIopl3() {
        m.write(TSS + 102, 2, IO_MAP);
        m.bytes(TSS + IO_MAP, 0xff, 0xf7, 0xff);
        p.v86(3);
        m.s.gpr[0] = 0x55;
        m.code(V86_CODE, "e6 0b e6 0c");
        m.steps(1);
        assertThat(m.output).containsExactly("b=55");
        assertThat(p.fault()).isEqualTo("13(0) 2");
    }

    @Test
    void bitmapBeyondTheLimitForbids() {
        p.ring3();
        m.code("e6 80");
        m.write(TSS + 102, 2, TSS_LIMIT);
        assertThat(p.fault()).isEqualTo("13(0) 1000");
    }
}
