package trivium.x86;

import static org.assertj.core.api.Assertions.assertThat;
import static trivium.cpu.VcpuState.CS;
import static trivium.cpu.VcpuState.RAX;
import static trivium.cpu.VcpuState.RSP;
import static trivium.x86.ProtectedMachine.*;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Task switches by JMP, CALL, IRET, gates and interrupts (SDM Vol. 3A "Task Management"). */
class TaskSwitchTest {
    private static final long NT = 1 << 14, TS = 1 << 3;
    private static final int ENTRY = 0x6000;

    private final ProtectedMachine p = new ProtectedMachine();
    private final TestMachine m = p.m;

    @BeforeEach
    void secondTask() {
        task(TSS2, ENTRY, CODE0, DATA0);
    }

    private void task(int tss, int ip, int cs, int ss) {
        m.write(tss + 0x20, 4, ip).write(tss + 0x24, 4, 2);
        m.write(tss + 0x28, 4, 0xa1).write(tss + 0x38, 4, 0x7800);
        m.write(tss + 0x48, 4, DATA0).write(tss + 0x4c, 4, cs).write(tss + 0x50, 4, ss);
        m.write(tss + 0x54, 4, DATA0);
    }

    private long type(int selector) {
        return m.read(GDT + selector + 5, 1) & 0xf;
    }

    @Test
    void jumpSavesTheOldTaskAndLoadsTheNew() {
        m.s.gpr[RAX] = 0x77;
        m.code("ea 00 00 00 00 30 00");
        m.steps(1);
        assertThat(m.s.rip).isEqualTo(ENTRY);
        assertThat(m.s.gpr[RAX]).isEqualTo(0xa1);
        assertThat(m.s.gpr[RSP]).isEqualTo(0x7800);
        assertThat(m.s.tr.selector).isEqualTo(TSS2_SELECTOR);
        assertThat(m.s.cr0 & TS).isEqualTo(TS);
        assertThat(m.s.rflags & NT).isZero();
        assertThat(type(TSS_SELECTOR)).isEqualTo(9);
        assertThat(type(TSS2_SELECTOR)).isEqualTo(11);
        assertThat(m.read(TSS + 0x20, 4)).isEqualTo(0x1007);
        assertThat(m.read(TSS + 0x28, 4)).isEqualTo(0x77);
        assertThat(m.read(TSS + 0x4c, 2)).isEqualTo(CODE0);
    }

    @Test
    void callNestsAndIretReturns() {
        m.code("9a 00 00 00 00 30 00");
        m.code(ENTRY, "cf");
        m.steps(1);
        assertThat(m.s.rflags & NT).isEqualTo(NT);
        assertThat(m.read(TSS2, 2)).isEqualTo(TSS_SELECTOR);
        assertThat(type(TSS_SELECTOR)).isEqualTo(11);
        m.steps(1);
        assertThat(m.s.rip).isEqualTo(0x1007);
        assertThat(m.s.tr.selector).isEqualTo(TSS_SELECTOR);
        assertThat(type(TSS2_SELECTOR)).isEqualTo(9);
        assertThat(m.s.rflags & NT).isZero();
        assertThat(m.read(TSS2 + 0x24, 4) & NT).isZero();
    }

    @Test
    void taskGateTakesAnException() {
        m.write(IDT + 8 * 13, 8, gateBits(TSS2_SELECTOR, 0, 0x85, 0));
        m.code("cd 41");
        p.gate(0x41, 0xf8, 0, 0x8e);
        m.steps(1);
        assertThat(m.s.rip).isEqualTo(ENTRY);
        assertThat(m.s.gpr[RSP]).isEqualTo(0x7800 - 4);
        assertThat(p.stack(0)).isEqualTo(0xf8);
        assertThat(m.read(TSS + 0x20, 4)).isEqualTo(0x1000);
    }

    @Test
    void busyTaskIsRefused() {
        p.descriptor(TSS2_SELECTOR, TSS2, 0x67, 0x8b);
        m.code("ea 00 00 00 00 30 00");
        assertThat(p.fault()).isEqualTo("13(30) 1000");
    }

    @Test
    void shortTssIsRefused() {
        p.descriptor(TSS2_SELECTOR, TSS2, 0x66, 0x89);
        m.code("ea 00 00 00 00 30 00");
        assertThat(p.fault()).isEqualTo("10(30) 1000");
    }

    @Test
    void badStackOfTheNewTaskFaultsInTheNewTask() {
        task(TSS2, ENTRY, CODE0, CODE0);
        m.write(IDT + 8 * 10, 8, gateBits(0x60, 0, 0x85, 0));
        p.descriptor(0x60, 0x3400, 0x67, 0x89);
        task(0x3400, 0x6800, CODE0, DATA0);
        m.code("ea 00 00 00 00 30 00");
        m.steps(1);
        assertThat(m.s.rip).isEqualTo(0x6800);
        assertThat(p.stack(0)).isEqualTo(CODE0);
        assertThat(m.read(0x3400, 2)).isEqualTo(TSS2_SELECTOR);
        assertThat(m.read(TSS2 + 0x20, 4)).isEqualTo(ENTRY);
    }

    @Test
    void debugBitTrapsBeforeTheFirstInstruction() {
        m.write(TSS2 + 0x64, 1, 1);
        m.code("ea 00 00 00 00 30 00");
        assertThat(p.vector()).isEqualTo(1);
        assertThat(m.s.dr[6] & 0x8000).isEqualTo(0x8000);
        assertThat(p.stack(0)).isEqualTo(ENTRY);
    }

    @Test
    void toAVirtual8086Task() {
        task(TSS2, 0x20, 0x600, 0x700);
        m.write(TSS2 + 0x24, 4, 0x2_0002);
        m.code("ea 00 00 00 00 30 00");
        m.steps(1);
        assertThat(m.s.segments[CS].base).isEqualTo(0x6000);
        assertThat(m.s.segments[CS].attributes).isEqualTo(0xf3);
        assertThat(m.s.rip).isEqualTo(0x20);
    }

    @Test
    void sixteenBitTssKeepsUpperHalves() {
        p.descriptor(TSS2_SELECTOR, TSS2, 0x2b, 0x81);
        for (int i = 0; i < 0x2c; i += 2) {
            m.write(TSS2 + i, 2, 0);
        }
        m.write(TSS2 + 0x0e, 2, ENTRY).write(TSS2 + 0x10, 2, 2).write(TSS2 + 0x12, 2, 0xbeef);
        m.write(TSS2 + 0x1a, 2, 0x7800);
        m.write(TSS2 + 0x24, 2, CODE0).write(TSS2 + 0x26, 2, DATA0);
        m.s.gpr[RAX] = 0x1234_5678;
        m.code("ea 00 00 00 00 30 00");
        m.steps(1);
        assertThat(m.s.rip).isEqualTo(ENTRY);
        assertThat(m.s.gpr[RAX]).isEqualTo(0x1234_beefL);
    }
}
