package trivium.sample.device;

import java.util.Map;
import java.util.Set;
import org.osgi.service.component.annotations.Component;
import trivium.bus.BusDevice;
import trivium.device.Device;
import trivium.device.DeviceFactory;
import trivium.device.DeviceOptions;
import trivium.device.Platform;
import trivium.device.StateMigration;
import trivium.device.StateVersion;
import trivium.vm.VmException;

/**
 * A byte that keeps what is written to it, and a count of the writes: four ports from 6F0h on.
 *
 * <pre>
 * +0  the byte; read and write
 * +2  writes since power-on, low 16 bits; read only, 16 bits wide
 * </pre>
 */
public final class ScratchPad implements Device, BusDevice, StateMigration {
    private static final int BYTE = 0, COUNT = 2, PORTS = 4;

    /** Version 1 had no count. */
    @StateVersion(2)
    record State(int value, long writes) {}

    private int value;
    private long writes;

    ScratchPad(Platform platform, int base) {
        platform.claimPorts("scratch", base, PORTS, this);
    }

    /** A guest may read anything anywhere: what is not there gives all ones. */
    @Override
    public long read(long offset, int size) {
        if (offset == BYTE && size == 1) {
            return value;
        }
        return offset == COUNT && size == 2 ? writes & 0xffff : -1;
    }

    @Override
    public void write(long offset, int size, long written) {
        if (offset == BYTE && size == 1) {
            value = (int) written & 0xff;
            writes++;
        }
    }

    @Override
    public void reset() {
        value = 0;
        writes = 0;
    }

    @Override
    public Record save() {
        return new State(value, writes);
    }

    @Override
    public void restore(Record state) {
        if (!(state instanceof State(int savedValue, long savedWrites))) {
            throw new IllegalArgumentException("not a state of a scratch pad: " + state);
        }
        value = savedValue & 0xff;
        writes = savedWrites;
    }

    /** What was counted before there was a count: one write, if there is something. */
    @Override
    public Map<String, Object> migrate(int version, Map<String, Object> state) {
        state.put("writes", state.get("value").equals(0) ? 0L : 1L);
        return state;
    }

    /** Makes the device: what a VM has with {@code --device scratch,base=0x6f0}. */
    @Component(property = DeviceFactory.MODEL + "=scratch")
    public static final class Factory implements DeviceFactory {
        private static final int BASE = 0x6f0;

        @Override
        public String model() {
            return "scratch";
        }

        @Override
        public String description() {
            return "A byte that keeps what is written to it";
        }

        @Override
        public Map<String, String> options() {
            return Map.of("base", "the first of its four ports; default 0x6f0");
        }

        @Override
        public Device create(Platform platform, DeviceOptions options) throws VmException {
            options.allow(Set.of("base"));
            int base = (int) options.number("base", BASE, 0, 0x1_0000 - PORTS);
            return new ScratchPad(platform, base);
        }
    }
}
