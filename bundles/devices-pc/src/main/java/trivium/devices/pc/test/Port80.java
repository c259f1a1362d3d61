package trivium.devices.pc.test;

import java.util.Set;
import org.osgi.service.component.annotations.Component;
import trivium.bus.SharedRegister;
import trivium.device.Device;
import trivium.device.DeviceFactory;
import trivium.device.DeviceOptions;
import trivium.device.Platform;
import trivium.devices.pc.ByteDevice;
import trivium.devices.pc.States;
import trivium.vm.VmException;

/** The latch at port 80h that takes POST codes, and writes that only pass time. */
public final class Port80 implements Device, ByteDevice {
    /** Saved latch. */
    record State(int code) {}

    private final SharedRegister code;

    Port80(Platform platform) {
        platform.claimPorts("port80", 0x80, 1, this);
        code = platform.shareRegister(0x80, 1);
        code.allow(true, true);
    }

    @Override
    public int readByte(int offset) {
        return code.get();
    }

    @Override
    public void writeByte(int offset, int value) {
        code.set(value);
    }

    @Override
    public void reset() {
        code.set(0);
    }

    @Override
    public Record save() {
        return new State(code.get());
    }

    @Override
    public void restore(Record state) {
        code.set(States.as(State.class, state).code);
    }

    /** Makes the latch. */
    @Component(property = DeviceFactory.MODEL + "=port80")
    public static final class Factory implements DeviceFactory {
        @Override
        public String model() {
            return "port80";
        }

        @Override
        public String description() {
            return "Port 80h: POST codes";
        }

        @Override
        public Device create(Platform platform, DeviceOptions options) throws VmException {
            options.allow(Set.of());
            return new Port80(platform);
        }
    }
}
