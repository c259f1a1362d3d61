package example_device;

import java.util.Map;
import java.util.Set;
import org.osgi.service.component.annotations.Component;
import trivium.bus.BusDevice;
import trivium.bus.IrqLine;
import trivium.device.Device;
import trivium.device.DeviceFactory;
import trivium.device.DeviceOptions;
import trivium.device.Platform;
import trivium.device.VirtualTimer;
import trivium.vm.VmException;

/**
 * A bell: rings, by an interrupt, some milliseconds after it was told to. Two ports:
 *
 * <pre>
 * +0  write, 2 bytes: ring in so many milliseconds; 0: not at all, and be quiet
 *     read, 2 bytes: milliseconds until it rings, rounded up
 * </pre>
 *
 * Accesses of other sizes read all ones, and are ignored.
 */
public final class ExampleDevice implements Device, BusDevice {
    private static final int PORTS = 2;
    private static final long NANOS = 1_000_000, NEVER = -1;

    /** All that the guest could observe: when it rings, on the VM's clock, and whether it does. */
    record State(long deadlineNanos, boolean ringing) {}

    private final Platform platform;
    private final IrqLine irq;
    private final VirtualTimer timer;
    private long deadlineNanos = NEVER;
    private boolean ringing;

    ExampleDevice(Platform platform, int base, int irq) {
        this.platform = platform;
        this.irq = platform.isaIrq(irq);
        timer = platform.newTimer("example-device", this, this::ring);
        platform.claimPorts("example-device", base, PORTS, this);
    }

    @Override
    public long read(long offset, int size) {
        return offset != 0 || size != 2 ? -1 : deadlineNanos == NEVER ? 0 : millisLeft();
    }

    private long millisLeft() {
        long left = deadlineNanos - platform.clock().nanos();
        return Math.clamp((left + NANOS - 1) / NANOS, 0, 0xffff);
    }

    /** A guest may write anything anywhere. */
    @Override
    public void write(long offset, int size, long value) {
        if (offset == 0 && size == 2) {
            long millis = value & 0xffff;
            set(millis == 0 ? NEVER : platform.clock().nanos() + millis * NANOS, false);
        }
    }

    private void ring() {
        set(NEVER, true);
    }

    private void set(long deadline, boolean rings) {
        deadlineNanos = deadline;
        ringing = rings;
        irq.set(rings);
        if (deadline == NEVER) {
            timer.cancel();
        } else {
            timer.arm(deadline);
        }
    }

    @Override
    public void reset() {
        set(NEVER, false);
    }

    @Override
    public Record save() {
        return new State(deadlineNanos, ringing);
    }

    /** Lines and timers are the device's: it drives and arms them again. */
    @Override
    public void restore(Record state) {
        if (!(state instanceof State(long deadline, boolean rings))) {
            throw new IllegalArgumentException("not a state of this device: " + state);
        }
        set(deadline, rings);
    }

    @Override
    public void close() {
        irq.lower();
    }

    /** Makes the device: what a VM has with {@code --device example-device,base=0x6f0,irq=5}. */
    @Component(property = DeviceFactory.MODEL + "=example-device")
    public static final class Factory implements DeviceFactory {
        @Override
        public String model() {
            return "example-device";
        }

        @Override
        public String description() {
            return "A bell that rings after a while";
        }

        @Override
        public Map<String, String> options() {
            return Map.of("base", "the first port; default 0x6f0", "irq", "0 to 15; default 5");
        }

        @Override
        public Device create(Platform platform, DeviceOptions options) throws VmException {
            options.allow(Set.of("base", "irq"));
            int base = (int) options.number("base", 0x6f0, 0, 0x1_0000 - PORTS);
            return new ExampleDevice(platform, base, (int) options.number("irq", 5, 0, 15));
        }
    }
}
