package trivium.x86;

import static org.assertj.core.api.Assertions.assertThat;
import static trivium.cpu.VcpuState.CS;
import static trivium.cpu.VcpuState.DS;
import static trivium.cpu.VcpuState.RSP;
import static trivium.cpu.VcpuState.SS;
import static trivium.x86.ProtectedMachine.*;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Far jumps, calls and returns in protected mode. */
class FarTransferTest {
    private final ProtectedMachine p = new ProtectedMachine();
    private final TestMachine m = p.m;

    @ParameterizedTest
    @CsvSource({
        "0000, 13(0) 1000",
        "0100, 13(100) 1000", // beyond the GDT
        "0010, 13(10) 1000", // data
        "0058, 13(58) 1000", // empty descriptor
        "001b, 13(18) 1000", // DPL 3 from CPL 0
        "0060, 11(60) 1000", // not present
        "0028, 13(28) 1000", // busy TSS
        "0050, 13(50) 1000", // LDT
    })
    void badJumpTargets(String selector, String fault) {
        p.descriptor(0x60, 0, 0xfffff, 0xc01b);
        int s = Integer.parseInt(selector, 16);
        m.code("ea 00 20 00 00 %02x %02x".formatted(s & 0xff, s >> 8));
        assertThat(p.fault()).isEqualTo(fault);
    }

    @Test
    void jumpTo16BitCode() {
        m.code("ea 00 60 00 00 38 00");
        m.code(0x6000, "b8 34 12"); // MOV AX,1234: three bytes in 16-bit code
        m.steps(2);
        assertThat(m.s.rip).isEqualTo(0x6003);
        assertThat(m.s.gpr[0]).isEqualTo(0x1234);
    }

    @Test
    void jumpBeyondTheLimitFaults() {
        m.code("ea 00 00 02 00 38 00");
        assertThat(p.fault()).isEqualTo("13(0) 1000");
    }

    @Test
    void conformingCodeKeepsThePrivilege() {
        p.ring3();
        m.code("ea 00 60 00 00 48 00");
        m.steps(1);
        assertThat(m.s.segments[CS].selector).isEqualTo(CONFORMING | 3);
        assertThat(m.s.rip).isEqualTo(0x6000);
    }

    @Test
    void farCallAndReturn() {
        m.code("9a 00 60 00 00 08 00");
        m.code(0x6000, "ca 04 00");
        m.steps(1);
        assertThat(p.stack(0)).isEqualTo(0x1007);
        assertThat(p.stack(1)).isEqualTo(CODE0);
        m.steps(1);
        assertThat(m.s.rip).isEqualTo(0x1007);
        assertThat(m.s.gpr[RSP]).isEqualTo(TestMachine.STACK + 4);
    }

    @Test
    void callGateSwitchesStackAndCopiesParameters() {
        m.write(GDT + FREE, 8, gateBits(CODE0, 0x6000, 0xec, 2));
        p.ring3();
        m.write(STACK3, 4, 0x11).write(STACK3 + 4, 4, 0x22);
        m.code("9a 00 00 00 00 5b 00");
        m.steps(1);
        assertThat(m.s.rip).isEqualTo(0x6000);
        assertThat(m.s.segments[CS].selector).isEqualTo(CODE0);
        long[] frame = {0x1007, USER_CODE, 0x11, 0x22, STACK3, USER_DATA};
        for (int i = 0; i < frame.length; i++) {
            assertThat(p.stack(i)).as("dword %d", i).isEqualTo(frame[i]);
        }
        m.code(0x6000, "ca 08 00");
        m.steps(1);
        assertThat(m.s.segments[CS].selector).isEqualTo(USER_CODE);
        assertThat(m.s.segments[SS].selector).isEqualTo(USER_DATA);
        assertThat(m.s.gpr[RSP]).isEqualTo(STACK3 + 8);
    }

    @Test
    void callGateOfAnInnerRingIsRefused() {
        m.write(GDT + FREE, 8, gateBits(CODE0, 0x6000, 0x8c, 0));
        p.ring3();
        m.code("9a 00 00 00 00 5b 00");
        assertThat(p.fault()).isEqualTo("13(58) 1000");
    }

    @Test
    void callGateThroughALongLimitStackFaultsWithoutChange() {
        p.descriptor(0x60, 0, 0xff, 0x0093); // a stack of 256 bytes
        m.write(TSS + 4, 4, 8).write(TSS + 8, 2, 0x60);
        m.write(GDT + FREE, 8, gateBits(CODE0, 0x6000, 0xec, 0));
        p.gate(12, CONFORMING | 3, handler(12), 0x8e);
        p.ring3();
        m.code(handler(12), "eb fe");
        m.code("9a 00 00 00 00 5b 00");
        m.steps(1);
        assertThat(m.s.rip).isEqualTo(handler(12));
        assertThat(p.stack(0)).isEqualTo(0x60);
        assertThat(m.s.gpr[RSP]).isEqualTo(STACK3 - 16);
    }

    @Test
    void returnToAnOuterRingClearsInnerDataSegments() {
        m.s.gpr[RSP] = 0x7f00;
        m.write(0x7f00, 4, 0x6000).write(0x7f04, 4, USER_CODE);
        m.write(0x7f08, 4, STACK3).write(0x7f0c, 4, USER_DATA);
        m.code("cb");
        m.steps(1);
        assertThat(m.s.segments[CS].selector).isEqualTo(USER_CODE);
        assertThat(m.s.segments[DS].selector).isZero();
        assertThat(m.s.segments[DS].usable()).isFalse();
        assertThat(m.s.gpr[RSP]).isEqualTo(STACK3);
    }

    @ParameterizedTest
    @CsvSource({
        "1b, 0,  13(0) 1000", // null stack
        "1b, 10, 13(10) 1000", // stack of ring 0
        "1a, 23, 13(18) 1000", // DPL is not RPL
        "0,  23, 13(0) 1000",
    })
    void badReturns(String code, String stack, String fault) {
        m.s.gpr[RSP] = 0x7f00;
        m.write(0x7f00, 4, 0x6000).write(0x7f04, 4, Integer.parseInt(code, 16));
        m.write(0x7f08, 4, STACK3).write(0x7f0c, 4, Integer.parseInt(stack, 16));
        m.code("cb");
        assertThat(p.fault()).isEqualTo(fault);
    }

    @Test
    void returnToAnInnerRingIsRefused() {
        p.ring3();
        m.write(STACK3, 4, 0x6000).write(STACK3 + 4, 4, CODE0);
        m.code("cb");
        assertThat(p.fault()).isEqualTo("13(8) 1000");
    }

    @Test
    void iretInRing3KeepsIfAndIopl() {
        p.ring3();
        m.s.rflags = 0x202;
        m.write(STACK3, 4, 0x6000).write(STACK3 + 4, 4, USER_CODE).write(STACK3 + 8, 4, 0x3cd7);
        m.code("cf");
        m.steps(1);
        assertThat(m.s.rflags & 0xffff).isEqualTo(0x0ed7);
    }

    @Test
    void sysenterAndSysexit() {
        m.s.sysenterCs = CODE0;
        m.s.sysenterEip = 0x6000;
        m.s.sysenterEsp = 0x7800;
        p.ring3();
        m.s.rflags |= 1 << 9;
        m.code("0f 34");
        m.steps(1);
        assertThat(m.s.rip).isEqualTo(0x6000);
        assertThat(m.s.segments[SS].selector).isEqualTo(DATA0);
        assertThat(m.s.rflags & 1 << 9).isZero();
        m.s.gpr[2] = 0x6100;
        m.s.gpr[1] = 0x9100;
        m.code(0x6000, "0f 35");
        m.steps(1);
        assertThat(m.s.rip).isEqualTo(0x6100);
        assertThat(m.s.gpr[RSP]).isEqualTo(0x9100);
        assertThat(m.s.segments[CS].selector).isEqualTo(CODE0 + 16 | 3);
    }
}
