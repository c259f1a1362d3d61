package trivium.x86;

import static org.assertj.core.api.Assertions.assertThat;
import static trivium.cpu.VcpuState.CS;
import static trivium.cpu.VcpuState.DS;
import static trivium.cpu.VcpuState.ES;
import static trivium.cpu.VcpuState.RAX;
import static trivium.cpu.VcpuState.RSP;
import static trivium.cpu.VcpuState.SS;
import static trivium.x86.TestMachine.CODE;
import static trivium.x86.TestMachine.STACK;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import trivium.cpu.CpuModel;
import trivium.cpu.VcpuExit;
import trivium.cpu.VcpuState;

/** Real mode, RESET and what tells the CPU models apart. */
class RealModeTest {
    private static TestMachine machine(CpuModel model) {
        TestMachine m = new TestMachine(model);
        for (int vector = 0; vector < 256; vector++) {
            m.write(vector * 4, 4, 0x0100_0000L | 0x2000 + vector);
            m.bytes(0x1000 + 0x2000 + vector, 0xf4);
        }
        return m;
    }

    /** The vector whose handler it halted in. */
    private static long vector(TestMachine m) {
        m.run();
        return m.s.rip - 1 - 0x2000;
    }

    @ParameterizedTest
    @CsvSource({
        "I8086,    ffff,  ffff0,    0,    0, 0",
        "I80286,   f000, ff0000, fff0,    0, 0",
        "I386,     f000, ffff0000, fff0, 308, 10",
        "PENTIUM3, f000, ffff0000, fff0, 683, 60000010",
        "X86_64,   f000, ffff0000, fff0, 106ca, 60000010",
    })
    void powerOn(CpuModel model, String cs, String base, String ip, String edx, String cr0) {
        VcpuState s = new VcpuState();
        Reset.powerOn(s, model);
        assertThat(s.segments[CS].selector).isEqualTo(Integer.parseInt(cs, 16));
        assertThat(s.segments[CS].base).isEqualTo(Long.parseLong(base, 16));
        assertThat(s.rip).isEqualTo(Long.parseLong(ip, 16));
        assertThat(s.gpr[VcpuState.RDX]).isEqualTo(Long.parseLong(edx, 16));
        assertThat(s.cr0).isEqualTo(Long.parseLong(cr0, 16));
    }

    @Test
    void initKeepsMsrsAndWaitsIfNotTheBootstrapProcessor() {
        VcpuState s = new VcpuState();
        Reset.powerOn(s, CpuModel.X86_64, 1);
        assertThat(s.activity).isEqualTo(VcpuState.WAIT_FOR_SIPI);
        s.sysenterEip = 0x1234;
        s.mtrrDefType = 0xc06;
        s.cr3 = 0x5000;
        Reset.init(s, CpuModel.X86_64);
        assertThat(s.sysenterEip).isEqualTo(0x1234);
        assertThat(s.mtrrDefType).isEqualTo(0xc06);
        assertThat(s.cr3).isZero();
        assertThat(s.activity).isEqualTo(VcpuState.WAIT_FOR_SIPI);
        Reset.startUp(s, 0x9a);
        assertThat(s.segments[CS].base).isEqualTo(0x9a000);
        assertThat(s.activity).isEqualTo(VcpuState.ACTIVE);
    }

    @Test
    void startUpIpiRunsAtItsPage() {
        TestMachine m = machine(CpuModel.X86_64);
        m.s.activity = VcpuState.WAIT_FOR_SIPI;
        m.code(0x12000, "f4");
        assertThat(m.run()).isEqualTo(VcpuExit.HALTED);
        m.raise(TestMachine.SIPI);
        m.run();
        assertThat(m.s.segments[CS].selector).isEqualTo(0x1200);
        assertThat(m.s.rip).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource({"I8086, f002", "I80286, 2", "I386, 7002", "PENTIUM3, 7002"})
    void upperFlagBitsByModel(CpuModel model, String image) {
        TestMachine m = machine(model);
        m.write(STACK - 2, 2, 0xf002);
        m.s.gpr[RSP] = STACK - 2;
        m.code("9d 9c");
        m.steps(2);
        assertThat(m.read(STACK - 2, 2)).isEqualTo(Long.parseLong(image, 16));
    }

    @Test
    void interruptPushesThreeWordsAndClearsIf() {
        TestMachine m = machine(CpuModel.I386);
        m.s.rflags = 0x302 & ~0x100L;
        m.code("cd 21");
        assertThat(vector(m)).isEqualTo(0x21);
        assertThat(m.read(STACK - 6, 2)).isEqualTo(CODE + 2);
        assertThat(m.read(STACK - 2, 2)).isEqualTo(0x202);
        assertThat(m.s.rflags & 0x200).isZero();
    }

    @ParameterizedTest
    @CsvSource({
        "I8086, 89 07 f4, -1", // wraps
        "I80286, 89 07, 13",
        "I386, 89 07, 13",
        "I386, 89 46 00, 12",
        "I80286, 89 46 00, 13",
    })
    void wordAtOffsetFfff(CpuModel model, String code, int expected) {
        TestMachine m = machine(model);
        m.s.gpr[VcpuState.RBX] = 0xffff;
        m.s.gpr[VcpuState.RBP] = 0xffff;
        m.s.gpr[RAX] = 0x1234;
        m.code(code);
        m.run();
        if (expected < 0) {
            assertThat(m.read(0xffff, 1)).isEqualTo(0x34);
            assertThat(m.read(0, 1)).isEqualTo(0x12);
        } else {
            assertThat(m.s.rip - 1 - 0x2000).isEqualTo(expected);
            assertThat(m.read(STACK - 6, 2)).isEqualTo(CODE);
        }
    }

    /** In the middle of a page, too, and in what runs as one block. */
    @Test
    void offsetsOfCodeWrap() {
        TestMachine m = machine(CpuModel.I386);
        m.s.segments[CS].set(0x10, 0x100, 0xffff, 0x9b);
        m.s.rip = 0xfffe;
        m.s.gpr[RAX] = 0;
        m.s.gpr[VcpuState.RCX] = 0;
        m.code("40 40 40 f4"); // INC AX; INC AX; what is behind the segment
        m.code(0x100, "41 f4"); // INC CX; HLT

        m.run();

        assertThat(m.s.gpr[RAX]).isEqualTo(2);
        assertThat(m.s.gpr[VcpuState.RCX]).isEqualTo(1);
    }

    /** ADD [BX+SI], AL everywhere: a long block at each address that is jumped to. */
    @Test
    void whatIsDecodedIsBoundedByInstructions() {
        TestMachine m = machine(CpuModel.I386);
        m.s.segments[CS].set(0x4000, 0x4_0000, 0xffff, 0x9b);
        m.s.segments[DS].set(0x8000, 0x8_0000, 0xffff, 0x93);
        long most = 0;
        for (int ip = 0; ip < 0xff00; ip++) {
            m.s.rip = ip;
            m.run(64);
            most = Math.max(most, m.counter("blocks-cached"));
        }
        assertThat(m.counter("blocks-built")).isGreaterThan(0xf000);
        assertThat(most).isBetween(0x4000L, 0xa000L);
    }

    @Test
    void bigRealModeKeepsTheLimit() {
        TestMachine m = machine(CpuModel.I386);
        m.s.segments[DS].limit = 0xffff_ffffL;
        m.write(0x20_0000, 4, 0xcafe);
        m.s.gpr[RAX] = 0;
        m.code("8e d8 66 67 a1 00 00 20 00"); // MOV DS,AX; MOV EAX,[200000]
        m.steps(2);
        assertThat(m.s.gpr[RAX]).isEqualTo(0xcafe);
    }

    @Test
    void protectedModeAndBack() {
        TestMachine m = machine(CpuModel.I386);
        m.write(0x3000 + 8, 8, ProtectedMachine.raw(0, 0xfffff, 0xc093));
        m.write(0x3100, 2, 0xf).write(0x3102, 4, 0x3000);
        // LGDT [3100]; CR0.PE; JMP; ES = 8; CR0.PE off; ES = 0; HLT
        m.code("0f 01 16 00 31 0f 20 c0 40 0f 22 c0 eb 00 bb 08 00 8e c3 48 0f 22 c0 31 db 8e c3");
        m.steps(10);
        assertThat(m.s.cr0 & 1).isZero();
        assertThat(m.s.segments[ES].limit).isEqualTo(0xffff_ffffL);
        assertThat(m.s.segments[ES].base).isZero();
    }

    @Test
    void undefinedOpcodeByModel() {
        TestMachine m = machine(CpuModel.I80286);
        m.code("0f ff");
        assertThat(vector(m)).isEqualTo(6);
        TestMachine old = machine(CpuModel.I80286);
        old.code("0f a2"); // CPUID
        assertThat(vector(old)).isEqualTo(6);
    }

    @Test
    void the8086HasNoUndefinedOpcodes() {
        TestMachine m = machine(CpuModel.I8086);
        m.code("8f c8 40 f4"); // POP /1; INC AX
        m.run();
        assertThat(m.s.gpr[RAX]).isEqualTo(1);
    }

    @Test
    void protectedModeInstructionsAreUndefined() {
        for (String code : new String[] {"0f 00 c0", "0f 02 c0", "63 c0", "0f 00 e0"}) {
            TestMachine m = machine(CpuModel.I386);
            m.code(code);
            assertThat(vector(m)).as(code).isEqualTo(6);
        }
    }

    @ParameterizedTest
    @EnumSource
    void a20WrapByModel(CpuModel model) {
        TestMachine m = machine(model);
        m.s.segments[ES].set(0xffff, 0xf_fff0, 0xffff, 0x93);
        m.write(0x10, 1, 0x11).write(0x10_0010, 1, 0x22);
        m.code("26 a0 20 00"); // MOV AL,[ES:20]
        m.steps(1);
        assertThat(m.s.gpr[RAX]).isEqualTo(model == CpuModel.I8086 ? 0x11 : 0x22);
    }

    @Test
    void exceptionWithoutRoomForItsFrameShutsDown() {
        TestMachine m = machine(CpuModel.I386);
        m.s.gpr[RSP] = 1;
        m.code("0f ff");
        assertThat(m.run()).isEqualTo(VcpuExit.TRIPLE_FAULT);
    }

    @Test
    void smswOfThe286ReadsOnesAbove() {
        TestMachine m = machine(CpuModel.I80286);
        m.code("0f 01 e0");
        m.steps(1);
        assertThat(m.s.gpr[RAX]).isEqualTo(0xfff0);
    }

    @Test
    void lmswCannotLeaveProtectedMode() {
        TestMachine m = machine(CpuModel.I80286);
        m.s.gpr[RAX] = 1;
        m.code("0f 01 f0 31 c0 0f 01 f0"); // LMSW AX; XOR AX,AX; LMSW AX
        m.steps(3);
        assertThat(m.s.cr0 & 1).isEqualTo(1);
        assertThat(m.s.segments[SS].usable()).isTrue();
    }
}
