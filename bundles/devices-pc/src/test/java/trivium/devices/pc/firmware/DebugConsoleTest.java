package trivium.devices.pc.firmware;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import trivium.device.DeviceOptions;
import trivium.devices.pc.FakePlatform;
import trivium.vm.VmException;

class DebugConsoleTest {
    private final FakePlatform pc = new FakePlatform();
    private final DebugConsole console;

    DebugConsoleTest() throws VmException {
        var options = new DeviceOptions("debugcon", Map.of("port", "0xe9"));
        console = new DebugConsole.Factory().create(pc, options);
    }

    @Test
    void saysThatItIsThere() {
        assertThat(pc.in(0xe9)).isEqualTo(0xe9);
        assertThat(pc.in(0x402)).isEqualTo(0xff);
    }

    @Test
    void keepsLinesShortAndHarmless() {
        for (int i = 0; i < 1500; i++) {
            pc.out(0xe9, i == 0 ? 0x1b : 'x');
        }
        assertThat(console.save().line().length()).isLessThan(1000);
        pc.out(0xe9, '\n');
        pc.out(0xe9, 0x1b);
        assertThat(console.save().line()).isEqualTo("?");
        var state = console.save();
        console.reset();
        console.restore(state);
        assertThat(console.save()).isEqualTo(state);
    }
}
