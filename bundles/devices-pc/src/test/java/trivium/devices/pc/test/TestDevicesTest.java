package trivium.devices.pc.test;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import trivium.devices.pc.FakePlatform;
import trivium.devices.pc.Fuzz;

class TestDevicesTest {
    private final FakePlatform pc = new FakePlatform();

    @Test
    void debugExitTellsItsValue() {
        new DebugExit(pc);
        pc.out(0xf4, 4, 0x1234_5678);
        pc.out(0xf4, 1, 3);
        assertThat(pc.powerEvents).containsExactly("exit " + 0x1234_5678, "exit 3");
    }

    @Test
    void testDeviceGivesBackWhatWasWritten() {
        TestDevice device = new TestDevice(pc);
        pc.out(0xe0, 4, 0x1122_3344);
        assertThat(pc.in(0xe1, 1)).isEqualTo(0x33);
        pc.out(0xe2, 2, 0xaabb);
        assertThat(pc.in(0xe8, 4)).isEqualTo(0xaabb_3344);
        pc.out(0x2005, 1, 1);
        assertThat(pc.irq[5]).isTrue();
        pc.out(0x2005, 1, 0);
        assertThat(pc.irq[5]).isFalse();
        pc.memory().write(0xff00_0010L, 8, 0x1122_3344_5566_7788L);
        assertThat(pc.memory().read(0xff00_0014L, 2)).isEqualTo(0x3344);
        pc.memory().write(0xff00_ffffL, 8, -1);
        Record state = device.save();
        device.reset();
        device.restore(state);
        assertThat(pc.in(0xe0, 4)).isEqualTo(0xaabb_3344);
    }

    @Test
    void postCodesAreLatched() {
        Port80 port = new Port80(pc);
        pc.out(0x80, 0x55);
        assertThat(pc.in(0x80)).isEqualTo(0x55);
        Fuzz.run(13, pc, port);
    }

    @Test
    void survivesRandomAccesses() {
        Fuzz.run(14, pc, new TestDevice(pc));
        Fuzz.run(15, pc, new DebugExit(pc));
    }
}
