package trivium.devices.pc.test;

import java.util.Set;
import org.osgi.service.component.annotations.Component;
import trivium.bus.BusDevice;
import trivium.device.Device;
import trivium.device.DeviceFactory;
import trivium.device.DeviceOptions;
import trivium.device.Platform;
import trivium.devices.pc.States;
import trivium.vm.VmException;

/** Port F4h: a write of any size ends the VM with a status, as QEMU's isa-debug-exit does. */
public final class DebugExit implements Device, BusDevice {
    /** Nothing is kept. */
    record State() {}

    private final Platform platform;

    DebugExit(Platform platform) {
        this.platform = platform;
        platform.claimPorts("debug-exit", 0xf4, 4, this);
    }

    @Override
    public long read(long offset, int size) {
        return 0;
    }

    @Override
    public void write(long offset, int size, long value) {
        platform.power().debugExit((int) value);
    }

    @Override
    public void reset() {}

    @Override
    public Record save() {
        return new State();
    }

    @Override
    public void restore(Record state) {
        States.as(State.class, state);
    }

    /** Makes the port. */
    @Component(property = DeviceFactory.MODEL + "=debug-exit")
    public static final class Factory implements DeviceFactory {
        @Override
        public String model() {
            return "debug-exit";
        }

        @Override
        public String description() {
            return "Port F4h ends the VM with a status";
        }

        @Override
        public Device create(Platform platform, DeviceOptions options) throws VmException {
            options.allow(Set.of());
            return new DebugExit(platform);
        }
    }
}
