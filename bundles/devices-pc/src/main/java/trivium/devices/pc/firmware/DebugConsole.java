package trivium.devices.pc.firmware;

import java.util.Map;
import java.util.Set;
import org.osgi.service.component.annotations.Component;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import trivium.device.Device;
import trivium.device.DeviceFactory;
import trivium.device.DeviceOptions;
import trivium.device.Platform;
import trivium.devices.pc.ByteDevice;
import trivium.devices.pc.States;
import trivium.vm.VmException;

/**
 * A port that firmware writes its messages to (QEMU's isa-debugcon): each line goes to the log.
 * Reading gives E9h, by which SeaBIOS knows that somebody listens.
 */
public final class DebugConsole implements Device, ByteDevice {
    private static final Logger LOG = LoggerFactory.getLogger(DebugConsole.class);
    private static final int PORT = 0x402, PRESENT = 0xe9;
    private static final int MAX_LINE = 1000;

    /**
     * @param line as far as it came
     */
    public record State(String line) {}

    private final String vm;
    private final StringBuilder line = new StringBuilder();

    DebugConsole(Platform platform) {
        vm = platform.property("name").orElse("VM");
    }

    @Override
    public int readByte(int offset) {
        return PRESENT;
    }

    @Override
    public void writeByte(int offset, int value) {
        if (value != '\n' && line.length() < MAX_LINE) {
            // A guest must not write lines of its own making into the log.
            line.append(value >= ' ' && value < 0x7f ? (char) value : '?');
            return;
        }
        LOG.info("vm {}: firmware: {}", vm, line);
        line.setLength(0);
    }

    @Override
    public void reset() {
        line.setLength(0);
    }

    @Override
    public State save() {
        return new State(line.toString());
    }

    @Override
    public void restore(Record state) {
        reset();
        line.append(States.as(State.class, state).line);
    }

    /** Makes one, if the VM asks for it. */
    @Component(property = DeviceFactory.MODEL + "=debugcon")
    public static final class Factory implements DeviceFactory {
        @Override
        public String model() {
            return "debugcon";
        }

        @Override
        public String description() {
            return "Port 402h: the firmware's messages go to the log";
        }

        @Override
        public Map<String, String> options() {
            return Map.of("port", "another port than 0x402");
        }

        @Override
        public DebugConsole create(Platform platform, DeviceOptions options) throws VmException {
            options.allow(Set.of("port"));
            int port = (int) options.number("port", PORT, 0, 0xffff);
            var console = new DebugConsole(platform);
            platform.claimPorts("debugcon", port, 1, console);
            return console;
        }
    }
}
