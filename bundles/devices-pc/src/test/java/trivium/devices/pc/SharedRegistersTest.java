package trivium.devices.pc;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import trivium.device.Device;
import trivium.device.DeviceOptions;
import trivium.device.IsaPic;
import trivium.devices.pc.chipset.I440fx;
import trivium.devices.pc.interrupt.I8259Pair;
import trivium.devices.pc.serial.Uart16550;
import trivium.devices.pc.test.Port80;
import trivium.devices.pc.timer.Mc146818;
import trivium.vm.VmException;

/** Which registers CPUs may reach without the device, and that nothing is lost by it. */
class SharedRegistersTest {
    private final FakePlatform pc = new FakePlatform();

    private static DeviceOptions none(String model) {
        return new DeviceOptions(model, java.util.Map.of());
    }

    @Test
    void pollersReachTheLineStatusUntilThereIsAnOverrun() throws VmException {
        new Uart16550.Factory().create(pc, none("serial"));
        assertThat(pc.shared.read(0x3fd, 1)).isEqualTo(0x60);
        assertThat(pc.shared.read(0x3fd, 2)).isEqualTo(-1);
        assertThat(pc.shared.write(0x3fd, 1, 0)).isFalse();
        pc.out(0x3fc, 0x10); // loop
        pc.out(0x3f8, 'a');
        assertThat(pc.shared.read(0x3fd, 1)).isEqualTo(0x61);
        pc.out(0x3f8, 'b');
        assertThat(pc.shared.read(0x3fd, 1)).isEqualTo(-1);
        assertThat(pc.in(0x3fd)).isEqualTo(0x63);
        assertThat(pc.shared.read(0x3fd, 1)).isEqualTo(0x61);
        pc.in(0x3f8);
        assertThat(pc.shared.read(0x3fd, 1)).isEqualTo(0x60);
    }

    @Test
    void cmosBytesAreSelectedByTheIndex() throws VmException {
        Device rtc = new Mc146818.Factory().create(pc, none("rtc"));
        assertThat(pc.shared.write(0x70, 1, 0x80 | 0x40)).isTrue();
        assertThat(pc.shared.write(0x71, 1, 0x5a)).isTrue();
        assertThat(pc.in(0x71)).isEqualTo(0x5a);
        pc.out(0x71, 0xa5);
        assertThat(pc.shared.read(0x71, 1)).isEqualTo(0xa5);
        Record state = rtc.save();
        rtc.reset();
        pc.out(0x70, 0x40);
        pc.out(0x71, 0);
        rtc.restore(state);
        assertThat(pc.shared.read(0x71, 1)).isEqualTo(0xa5);
        for (int clock : new int[] {0, 4, 0x0a, 0x0b, 0x0c, 0x0d, 0x32, 0x37}) {
            assertThat(pc.shared.write(0x70, 1, clock)).isTrue();
            assertThat(pc.shared.read(0x71, 1)).isEqualTo(-1);
            assertThat(pc.shared.write(0x71, 1, 0)).isFalse();
        }
    }

    @Test
    void masksOfQuietInputsAreTheCpusOwn() throws VmException {
        new I8259Pair.Factory().create(pc, none("pic")).reset();
        IsaPic pic = pc.get(IsaPic.class);
        for (int command : new int[] {0x11, 0x20, 0x04, 0x01}) {
            assertThat(pc.shared.write(0x21, 1, 0)).isEqualTo(command == 0x11);
            pc.out(command == 0x11 ? 0x20 : 0x21, command);
        }
        assertThat(pc.shared.write(0x21, 1, 0xff)).isTrue();
        assertThat(pc.in(0x21)).isEqualTo(0xff);
        pic.setLine(3, true);
        assertThat(pic.interruptAsserted()).isFalse();
        assertThat(pc.shared.write(0x21, 1, 0x0f)).isTrue();
        assertThat(pc.shared.write(0x21, 1, 0x07)).isFalse();
        pc.out(0x21, 0x07);
        assertThat(pic.interruptAsserted()).isTrue();
        assertThat(pc.shared.write(0x21, 1, 0x08)).isFalse();
        assertThat(pc.shared.write(0x21, 1, 0)).isTrue();
        pc.out(0x20, 0x0c); // poll
        assertThat(pc.shared.read(0x21, 1)).isEqualTo(-1);
    }

    @Test
    void noInterruptIsLostBetweenCpuAndDevice() throws Exception {
        Device device = new I8259Pair.Factory().create(pc, none("pic"));
        IsaPic pic = pc.get(IsaPic.class);
        for (int round = 0; round < 2000; round++) {
            pc.out(0x21, 0xff);
            pic.setLine(5, false);
            pc.out(0x20, 0x20);
            Thread other = Thread.ofPlatform().start(() -> pic.setLine(5, true));
            Random random = new Random(round);
            for (int i = 0; i < 20; i++) {
                mask(random.nextInt(256));
            }
            other.join();
            mask(round << 5 & 0x20);
            boolean asserted = pic.interruptAsserted();
            synchronized (device) {
                device.restore(device.save()); // which computes it anew
            }
            assertThat(pic.interruptAsserted()).isEqualTo(asserted);
            if (asserted) {
                pic.acknowledge();
            }
        }
    }

    private void mask(int value) {
        if (!pc.shared.write(0x21, 1, value)) {
            pc.out(0x21, value);
        }
    }

    @Test
    void pciAddressesAreWrittenWhole() throws VmException {
        new I440fx.Factory().create(pc, none("i440fx"));
        assertThat(pc.shared.write(0xcf8, 4, 0xffff_ffff)).isTrue();
        assertThat(pc.in(0xcf8, 4)).isEqualTo(0x80ff_fffc);
        assertThat(pc.shared.read(0xcf8, 4)).isEqualTo(-1);
        assertThat(pc.shared.write(0xcf8, 2, 0)).isFalse();
        assertThat(pc.shared.write(0xcf8, 4, 0x8000_0000)).isTrue();
        assertThat(pc.in(0xcfc, 4)).isEqualTo(0x1237_8086);
    }

    @Test
    void postCodesPassTheDeviceBy() throws VmException {
        Device port = new Port80.Factory().create(pc, none("port80"));
        Fuzz.run(17, pc, port);
    }
}
