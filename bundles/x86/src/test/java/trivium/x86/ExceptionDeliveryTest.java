package trivium.x86;

import static org.assertj.core.api.Assertions.assertThat;
import static trivium.cpu.VcpuState.CS;
import static trivium.cpu.VcpuState.RAX;
import static trivium.cpu.VcpuState.RSP;
import static trivium.cpu.VcpuState.SS;
import static trivium.x86.ProtectedMachine.*;
import static trivium.x86.TestMachine.CODE;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import trivium.cpu.VcpuExit;

/** Interrupts and exceptions in protected mode (SDM Vol. 3A, chapter on interrupts). */
class ExceptionDeliveryTest {
    private static final long IF = 1 << 9, TF = 1 << 8, NT = 1 << 14, RF = 1 << 16;

    private final ProtectedMachine p = new ProtectedMachine();
    private final TestMachine m = p.m;

    @Test
    void faultPushesItsAddressAndRf() {
        m.code("0f 0b");
        m.s.rflags = 0x202;
        assertThat(p.vector()).isEqualTo(6);
        assertThat(p.stack(0)).isEqualTo(CODE);
        assertThat(p.stack(1)).isEqualTo(CODE0);
        assertThat(p.stack(2)).isEqualTo(0x202 | RF);
        assertThat(m.s.rflags & IF).isZero();
    }

    @Test
    void trapGateLeavesInterruptsOn() {
        p.gate(0x40, CODE0, handler(0x40), 0x8f);
        m.code("cd 40");
        m.s.rflags = 0x4202;
        assertThat(p.vector()).isEqualTo(0x40);
        assertThat(m.s.rflags & (IF | NT)).isEqualTo(IF);
        assertThat(p.stack(0)).isEqualTo(CODE + 2);
        assertThat(p.stack(2)).isEqualTo(0x4202);
    }

    @Test
    void interruptFromRing3TakesTheStackOfTheTss() {
        p.ring3();
        p.gate(0x80, CODE0, handler(0x80), 0xee);
        m.code("cd 80");
        assertThat(p.vector()).isEqualTo(0x80);
        assertThat(m.s.segments[SS].selector).isEqualTo(DATA0);
        assertThat(m.s.segments[CS].selector).isEqualTo(CODE0);
        assertThat(m.s.gpr[RSP]).isEqualTo(STACK0 - 20);
        assertThat(p.stack(3)).isEqualTo(STACK3);
        assertThat(p.stack(4)).isEqualTo(USER_DATA);
    }

    @Test
    void softwareInterruptMayNotUseAnInnerGate() {
        p.ring3();
        m.code("cd 41");
        assertThat(p.fault()).isEqualTo("13(20a) 1000");
    }

    @Test
    void hardwareInterruptIgnoresTheGatesDpl() {
        p.ring3();
        m.s.rflags |= IF;
        m.code("90");
        m.interrupt(0x41);
        assertThat(p.vector()).isEqualTo(0x41);
        assertThat(p.stack(0)).isEqualTo(CODE);
    }

    @ParameterizedTest
    @CsvSource({
        // selector, rights of gate 41h, expected error code of #GP
        "0,    8e, 0", // null selector: EXT clear for INT n
        "f8,   8e, f8", // descriptor of zeros: no code segment
        "100,  8e, 100", // beyond the GDT
        "10,   8e, 10", // data
        "8,    8c, 20a", // a call gate is no gate here
    })
    void badGatesRaiseGp(String selector, String rights, String error) {
        p.gate(0x41, hex(selector), handler(0x41), hex(rights));
        m.code("cd 41");
        assertThat(p.fault()).isEqualTo("13(%s) 1000".formatted(error));
    }

    @Test
    void absentGateRaisesNp() {
        p.gate(0x41, CODE0, handler(0x41), 0x0e);
        m.code("cd 41");
        assertThat(p.fault()).isEqualTo("11(20a) 1000");
    }

    @Test
    void hardwareInterruptSetsExt() {
        p.gate(0x41, 0xf8, handler(0x41), 0x8e);
        m.s.rflags |= IF;
        m.code("90");
        m.interrupt(0x41);
        assertThat(p.fault()).isEqualTo("13(f9) 1000");
    }

    @Test
    void vectorBeyondTheIdtRaisesGp() {
        m.s.idtrLimit = 0x1ff;
        m.code("cd 40");
        assertThat(p.fault()).isEqualTo("13(202) 1000");
    }

    @Test
    void badInnerStackRaisesTs() {
        p.ring3();
        p.gate(0x80, CODE0, handler(0x80), 0xee);
        // #TS itself by a task gate would be needed; give it a conforming handler instead.
        p.descriptor(CONFORMING, 0, 0xfffff, 0xc0ff);
        p.gate(10, CONFORMING | 3, handler(10), 0x8e);
        m.write(TSS + 8, 2, USER_DATA);
        m.bytes(handler(10), 0xeb, 0xfe);
        m.code("cd 80");
        m.steps(1);
        assertThat(m.s.rip).isEqualTo(handler(10));
        assertThat(p.stack(0)).isEqualTo(USER_DATA & ~3);
    }

    @Test
    void contributoryFaultInDeliveryIsADoubleFault() {
        p.gate(13, 0xf8, handler(13), 0x8e);
        m.code("cd 41");
        p.gate(0x41, 0, 0, 0x8e);
        assertThat(p.vector()).isEqualTo(8);
        assertThat(p.stack(0)).isZero();
        assertThat(p.stack(1)).isEqualTo(CODE);
    }

    @Test
    void benignFaultLetsTheSecondBeDelivered() {
        p.gate(6, 0xf8, handler(6), 0x8e);
        m.code("0f 0b");
        assertThat(p.fault()).isEqualTo("13(f9) 1000");
    }

    @Test
    void faultInDoubleFaultShutsDown() {
        p.gate(13, 0xf8, handler(13), 0x8e);
        p.gate(8, 0xf8, handler(8), 0x8e);
        p.gate(0x41, 0, 0, 0x8e);
        m.code("cd 41");
        assertThat(m.run()).isEqualTo(VcpuExit.TRIPLE_FAULT);
        assertThat(m.s.rip).isEqualTo(CODE);
    }

    @Test
    void sixteenBitGatePushesWords() {
        p.gate(0x41, CODE0, handler(0x41), 0x86);
        m.code("cd 41");
        assertThat(p.vector()).isEqualTo(0x41);
        assertThat(m.s.gpr[RSP]).isEqualTo(TestMachine.STACK - 6);
    }

    @Test
    void nmiIsBlockedUntilIret() {
        m.code(handler(2), "40 f4");
        m.code("90 90 90");
        m.raise(TestMachine.NMI);
        m.steps(1);
        m.raise(TestMachine.NMI);
        m.run();
        assertThat(m.s.gpr[RAX]).isEqualTo(1);
        assertThat(m.s.nmiBlocked).isTrue();
        m.code(m.s.rip, "cf");
        m.s.activity = 0;
        m.steps(1);
        assertThat(m.s.nmiBlocked).isFalse();
    }

    @Test
    void interruptWaitsOneInstructionAfterSti() {
        m.code("fb 40 f4");
        m.interrupt(0x41);
        assertThat(p.vector()).isEqualTo(0x41);
        assertThat(m.s.gpr[RAX]).isEqualTo(1);
        assertThat(p.stack(0)).isEqualTo(CODE + 2);
    }

    @Test
    void interruptWaitsOneInstructionAfterMovSs() {
        m.s.rflags |= IF;
        m.code("8e d0 40 f4"); // MOV SS,AX; INC EAX
        m.s.gpr[RAX] = DATA0;
        m.steps(1);
        m.interrupt(0x41);
        assertThat(p.vector()).isEqualTo(0x41);
        assertThat(m.s.gpr[RAX]).isEqualTo(DATA0 + 1);
    }

    @Test
    void haltWakesUpInTheHandler() {
        m.code("fb f4 40");
        assertThat(m.run()).isEqualTo(VcpuExit.HALTED);
        m.interrupt(0x41);
        assertThat(p.vector()).isEqualTo(0x41);
        assertThat(p.stack(0)).isEqualTo(CODE + 2);
    }

    @Test
    void singleStepTrapsAfterOneInstruction() {
        m.s.rflags |= TF;
        m.code("40 40");
        assertThat(p.vector()).isEqualTo(1);
        assertThat(p.stack(0)).isEqualTo(CODE + 1);
        assertThat(m.s.dr[6] & 0x4000).isEqualTo(0x4000);
        assertThat(p.stack(2) & TF).isEqualTo(TF);
    }

    private static int hex(String digits) {
        return Integer.parseInt(digits, 16);
    }
}
