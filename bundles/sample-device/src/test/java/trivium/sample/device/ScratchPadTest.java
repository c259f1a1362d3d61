package trivium.sample.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.Proxy;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import trivium.device.DeviceOptions;
import trivium.device.Platform;
import trivium.vm.VmException;

class ScratchPadTest {
    private final Map<String, Object> claimed = new HashMap<>();
    private final ScratchPad pad = new ScratchPad(platform(), 0x6f0);

    /** A platform of which only ports can be had. */
    private Platform platform() {
        return (Platform)
                Proxy.newProxyInstance(
                        Platform.class.getClassLoader(),
                        new Class<?>[] {Platform.class},
                        (proxy, method, args) -> {
                            if (!method.getName().equals("claimPorts")) {
                                throw new UnsupportedOperationException(method.getName());
                            }
                            return claimed.put((String) args[0], args[1]);
                        });
    }

    @Test
    void keepsTheByteAndCountsWrites() {
        pad.write(0, 1, 0x12);
        pad.write(0, 1, 0x1ff);

        assertThat(pad.read(0, 1)).isEqualTo(0xff);
        assertThat(pad.read(2, 2)).isEqualTo(2);
        assertThat(claimed).containsEntry("scratch", 0x6f0);
        pad.reset();
        assertThat(pad.read(0, 1)).isZero();
    }

    @Test
    void stateGoesOver() {
        pad.write(0, 1, 7);
        ScratchPad other = new ScratchPad(platform(), 0x6f0);

        other.restore(pad.save());

        assertThat(other.read(0, 1)).isEqualTo(7);
        assertThat(other.save()).isEqualTo(pad.save());
        assertThatThrownBy(() -> other.restore(new Other()))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(other.migrate(1, new HashMap<>(Map.of("value", 3)))).containsEntry("writes", 1L);
    }

    private record Other() {}

    @Test
    void noAccessHurts() {
        Random random = new Random(1);
        for (int i = 0; i < 10_000; i++) {
            int size = 1 << random.nextInt(3);
            pad.write(random.nextInt(4), size, random.nextLong());
            pad.read(random.nextInt(4), size);
        }
        assertThat(pad.read(0, 1)).isBetween(0L, 255L);
    }

    @Test
    void wrongOptionsAreNamed() {
        var wrong = new DeviceOptions("scratch", Map.of("base", "70000"));
        assertThatThrownBy(() -> new ScratchPad.Factory().create(platform(), wrong))
                .isInstanceOf(VmException.class)
                .hasMessageContaining("base=70000 is not a number from 0 to 65532");
    }
}
