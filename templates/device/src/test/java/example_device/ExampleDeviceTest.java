package example_device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.Proxy;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import trivium.bus.IrqLine;
import trivium.device.DeviceOptions;
import trivium.device.Platform;
import trivium.device.VirtualClock;
import trivium.device.VirtualTimer;
import trivium.vm.VmException;

class ExampleDeviceTest {
    private static final long MILLI = 1_000_000;

    private long now, armed = -1;
    private boolean line;
    private Runnable action;
    private final ExampleDevice device = new ExampleDevice(platform(), 0x6f0, 5);

    /** As much of a board as the device asks for. */
    private Platform platform() {
        return (Platform)
                Proxy.newProxyInstance(
                        Platform.class.getClassLoader(),
                        new Class<?>[] {Platform.class},
                        (_, method, arguments) ->
                                switch (method.getName()) {
                                    case "claimPorts" -> null;
                                    case "isaIrq" -> (IrqLine) level -> line = level;
                                    case "clock" -> clock();
                                    case "newTimer" -> timer((Runnable) arguments[2]);
                                    default -> throw new AssertionError(method);
                                });
    }

    private VirtualClock clock() {
        return new VirtualClock() {
            @Override
            public long nanos() {
                return now;
            }

            @Override
            public long epochMillis() {
                return now / MILLI;
            }
        };
    }

    private VirtualTimer timer(Runnable then) {
        action = then;
        return new VirtualTimer() {
            @Override
            public void arm(long deadlineNanos) {
                armed = deadlineNanos;
            }

            @Override
            public void cancel() {
                armed = -1;
            }
        };
    }

    @Test
    void ringsWhenItIsTime() {
        device.write(0, 2, 30);
        now = 10 * MILLI;

        assertThat(armed).isEqualTo(30 * MILLI);
        assertThat(device.read(0, 2)).isEqualTo(20);
        assertThat(line).isFalse();
        action.run();
        assertThat(line).isTrue();
        device.write(0, 2, 0);
        assertThat(line).isFalse();
    }

    /** As when its bundle is updated: the timer is armed and the line driven again. */
    @Test
    void stateGoesOver() {
        device.write(0, 2, 30);
        Record state = device.save();
        device.close();
        armed = -1;

        new ExampleDevice(platform(), 0x6f0, 5).restore(state);

        assertThat(armed).isEqualTo(30 * MILLI);
        assertThatThrownBy(() -> device.restore(new Other(1)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    private record Other(int value) {}

    /** A guest is hostile. */
    @Test
    void nothingThatAGuestDoesThrows() {
        Random random = new Random(1);
        for (int i = 0; i < 100_000; i++) {
            int offset = random.nextInt(2), size = 1 << random.nextInt(3);
            if (random.nextBoolean()) {
                device.write(offset, size, random.nextLong());
            } else {
                device.read(offset, size);
            }
            now += random.nextInt(1000);
        }
        device.reset();
        assertThat(device.read(0, 2)).isZero();
    }

    @Test
    void aWrongOptionIsRefused() {
        var options = new DeviceOptions("example-device", Map.of("irq", "16"));

        assertThatThrownBy(() -> new ExampleDevice.Factory().create(platform(), options))
                .isInstanceOf(VmException.class)
                .hasMessageContaining("irq=16");
    }
}
