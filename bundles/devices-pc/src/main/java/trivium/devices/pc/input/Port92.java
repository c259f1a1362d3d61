package trivium.devices.pc.input;

import java.util.Set;
import org.osgi.service.component.annotations.Component;
import trivium.device.Device;
import trivium.device.DeviceFactory;
import trivium.device.DeviceOptions;
import trivium.device.Platform;
import trivium.devices.pc.ByteDevice;
import trivium.devices.pc.States;
import trivium.vm.VmException;

/**
 * Port 92h of the PS/2: fast A20 and fast reset (82371SB data sheet "Port 92"). The A20 gate itself
 * is the memory's; whoever wrote last, this port or the 8042, has set it.
 */
public final class Port92 implements Device, ByteDevice {
    private static final int RESET = 1, A20 = 2;

    /** Saved register. */
    record State(int value) {}

    private final Platform platform;
    private int value;

    Port92(Platform platform) {
        this.platform = platform;
        platform.claimPorts("port92", 0x92, 1, this);
    }

    static boolean a20(Platform platform) {
        return (platform.memory().a20Mask() & 1 << 20) != 0;
    }

    /** Engines drop caches when the gate moves: only tell of changes. */
    static void setA20(Platform platform, boolean open) {
        if (a20(platform) != open) {
            platform.memory().setA20(open);
        }
    }

    @Override
    public int readByte(int offset) {
        return value & ~A20 | (a20(platform) ? A20 : 0);
    }

    @Override
    public void writeByte(int offset, int to) {
        boolean pulse = (to & ~value & RESET) != 0;
        value = to;
        setA20(platform, (to & A20) != 0);
        if (pulse) {
            platform.power().reset("port 92");
        }
    }

    @Override
    public void reset() {
        value = 0;
    }

    @Override
    public Record save() {
        return new State(value);
    }

    @Override
    public void restore(Record state) {
        value = States.as(State.class, state).value;
    }

    /** Makes the port. */
    @Component(property = DeviceFactory.MODEL + "=port92")
    public static final class Factory implements DeviceFactory {
        @Override
        public String model() {
            return "port92";
        }

        @Override
        public String description() {
            return "Port 92h: fast A20 gate and reset";
        }

        @Override
        public Device create(Platform platform, DeviceOptions options) throws VmException {
            options.allow(Set.of());
            return new Port92(platform);
        }
    }
}
