package trivium.devices.pc.input;

import static org.assertj.core.api.Assertions.assertThat;
import static trivium.cpu.VcpuState.RAX;
import static trivium.cpu.VcpuState.RBX;
import static trivium.cpu.VcpuState.RCX;
import static trivium.cpu.VcpuState.RDX;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import trivium.cpu.VcpuState;
import trivium.device.CurrentVcpu;
import trivium.devices.pc.FakePlatform;
import trivium.devices.pc.Fuzz;
import trivium.input.PointerSink;

class VmPortTest {
    private static final int MAGIC = 0x564d5868, DATA = 39, STATUS = 40, COMMAND = 41;
    private static final int ENABLE = 0x45414552, ABSOLUTE = 0x53424152, RELATIVE = 0x4c455252;
    private final FakePlatform pc = new FakePlatform();
    private final I8042 kbc = new I8042(pc);
    private final VmPort port = new VmPort(pc);
    private final VcpuState cpu = new VcpuState();

    @BeforeEach
    void runOnAVcpu() {
        CurrentVcpu.bind(0, cpu);
    }

    @AfterEach
    void leaveIt() {
        CurrentVcpu.bind(0);
    }

    /** IN EAX,DX as an engine does it. */
    private int call(int command, int argument) {
        cpu.gpr[RAX] = MAGIC;
        cpu.gpr[RBX] = argument & 0xffff_ffffL;
        cpu.gpr[RCX] = command;
        cpu.gpr[RDX] = 0xabcd_5658L;
        return pc.in(0x5658, 4);
    }

    private void enable() {
        call(COMMAND, ENABLE);
        assertThat(call(STATUS, 0)).isEqualTo(1);
        assertThat(call(DATA, 1)).isEqualTo(0x3442554a);
        call(COMMAND, ABSOLUTE);
        assertThat(port.absolute()).isTrue();
    }

    private void assertEvent(int buttons, int x, int y, int wheel) {
        assertThat(call(DATA, 4)).isEqualTo(buttons);
        assertThat(cpu.gpr[RBX]).isEqualTo(x);
        assertThat(cpu.gpr[RCX]).isEqualTo(y);
        assertThat((int) cpu.gpr[RDX]).isEqualTo(wheel);
    }

    /** Bytes the PS/2 mouse sent. */
    private int ps2Bytes() {
        int count = 0;
        for (int quiet = 0; quiet < 3; quiet++) {
            while ((pc.in(0x64) & 0x21) == 0x21) {
                pc.in(0x60);
                count++;
                quiet = 0;
            }
            pc.advance(250_000);
        }
        return count;
    }

    @Test
    void tellsItsVersionAndFrequencies() {
        assertThat(call(10, 0)).isEqualTo(6);
        assertThat(cpu.gpr[RBX]).isEqualTo(MAGIC);
        assertThat(call(45, -1)).isEqualTo(1_000_000_000);
        assertThat(cpu.gpr[RBX]).isZero();
        assertThat(cpu.gpr[RCX]).isEqualTo(1_000_000_000);
    }

    @Test
    void isThereForNobodyElse() {
        assertThat(call(200, 0)).isEqualTo(-1);
        assertThat(pc.unimplemented).anyMatch(u -> u.contains("command 200"));
        cpu.gpr[RAX] = 0;
        assertThat(pc.in(0x5658, 4)).isEqualTo(-1);
        cpu.gpr[RAX] = MAGIC;
        assertThat(pc.in(0x5658, 1) & 0xff).isEqualTo(0xff);
        CurrentVcpu.bind(0);
        assertThat(pc.in(0x5658, 4)).isEqualTo(-1);
    }

    @Test
    void aGuestThatAsksGetsPositions() {
        assertThat(call(STATUS, 0)).isEqualTo(0xffff_0000);
        assertThat(port.absolute()).isFalse();
        enable();
        port.moveTo(0x7fff, 0x4000, PointerSink.LEFT, 0);
        port.moveTo(0, 0, PointerSink.RIGHT | PointerSink.MIDDLE, 2);
        assertThat(call(STATUS, 0)).isEqualTo(8);
        assertEvent(0x20, 0xffff, 0x8001, 0);
        assertEvent(0x18, 0, 0, -2);
        assertThat(call(STATUS, 0)).isZero();
    }

    @Test
    void movesThatNobodyReadYetBecomeOne() {
        enable();
        for (int i = 0; i < 10_000; i++) {
            port.moveTo(i, i, 0, 0);
        }
        port.moveTo(5, 6, PointerSink.LEFT, 0);
        port.moveTo(7, 8, PointerSink.LEFT, 1);
        port.moveTo(9, 10, PointerSink.LEFT, 0);
        assertThat(call(STATUS, 0)).isEqualTo(16);
        assertEvent(0, 9999 * 2, 9999 * 2, 0);
        assertEvent(0x20, 10, 12, 0);
        assertEvent(0x20, 14, 16, -1);
        assertThat(call(DATA, 1)).isEqualTo(0x20); // begun to read: stays as it is
        port.moveTo(11, 12, PointerSink.LEFT, 0);
        assertThat(call(STATUS, 0)).isEqualTo(7);
    }

    @Test
    void thePs2MouseCallsForAttention() {
        enable();
        port.moveTo(1, 1, 0, 0);
        assertThat(ps2Bytes()).isZero(); // the driver has not enabled its reports
        pc.out(0x64, 0xd4);
        pc.out(0x60, 0xf4);
        ps2Bytes();
        port.moveTo(2, 2, 0, 0);
        assertThat(pc.irq[12]).isTrue();
        assertThat(ps2Bytes()).isEqualTo(3);
        for (int i = 0; i < 1000; i++) {
            port.moveTo(3, 3, i & 1, 0);
        }
        assertThat(ps2Bytes()).isBetween(3, 12);
        assertThat(call(STATUS, 0)).isBetween(900, 1024);
    }

    @Test
    void tooMuchAskedIsAnErrorUntilItIsEnabledAgain() {
        enable();
        port.moveTo(1, 1, 0, 0);
        assertThat(call(DATA, 5)).isEqualTo(-1);
        assertThat(call(STATUS, 0)).isEqualTo(0xffff_0000);
        assertThat(port.absolute()).isFalse();
        port.moveTo(1, 1, 0, 0);
        enable();
        assertThat(call(STATUS, 0)).isZero();
    }

    @Test
    void relativeIsThePs2MousesBusiness() {
        enable();
        call(COMMAND, RELATIVE);
        assertThat(port.absolute()).isFalse();
        assertThat(kbc.absolute()).isFalse();
        enable();
        port.reset();
        assertThat(port.absolute()).isFalse();
    }

    @Test
    void keepsItsQueueAcrossSaveAndRestore() {
        enable();
        port.moveTo(1, 2, 0, 0);
        Record state = port.save();
        port.reset();
        port.restore(state);
        assertThat(port.absolute()).isTrue();
        port.moveTo(3, 4, 0, 0);
        assertEvent(0, 6, 8, 0);
    }

    @Test
    void survivesRandomCommands() {
        var random = new java.util.Random(7);
        int[] words = {ENABLE, ABSOLUTE, RELATIVE, 0xf5, 0, 1, 4, 6, 7, -1};
        for (int i = 0; i < 100_000; i++) {
            call(38 + random.nextInt(5), words[random.nextInt(words.length)]);
            port.moveTo(random.nextInt(), random.nextInt(), random.nextInt(8), random.nextInt());
        }
        Fuzz.run(9, pc, port);
    }
}
