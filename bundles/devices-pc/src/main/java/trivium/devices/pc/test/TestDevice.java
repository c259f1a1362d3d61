package trivium.devices.pc.test;

import java.util.Set;
import org.osgi.service.component.annotations.Component;
import trivium.bus.BusDevice;
import trivium.bus.IrqLine;
import trivium.device.Device;
import trivium.device.DeviceFactory;
import trivium.device.DeviceOptions;
import trivium.device.Platform;
import trivium.devices.pc.ByteDevice;
import trivium.devices.pc.States;
import trivium.vm.VmException;

/**
 * What hypervisor test suites (kvm-unit-tests) expect, laid out as QEMU's pc-testdev: a register at
 * port E0h that gives back what was written, the same by bytes at E8h, a page flush at E4h, the 24
 * interrupt lines at 2000h, 64 KiB of I/O memory at FF000000h; and from the first such device the
 * console at F1h, which is the first serial line here. Not modelled: that device's memory size at
 * D1h, where the DMA controller is.
 */
public final class TestDevice implements Device, BusDevice {
    private static final long IOMEM_BASE = 0xff00_0000L;
    private static final int IOMEM_BYTES = 0x10000, LINES = 24;

    /** Saved registers. */
    record State(int data, byte[] iomem, int lines) {}

    private final Platform platform;
    private final IrqLine[] lines = new IrqLine[LINES];
    private final byte[] iomem = new byte[IOMEM_BYTES];
    private int data, asserted;

    TestDevice(Platform platform) {
        this.platform = platform;
        for (int n = 0; n < LINES; n++) {
            lines[n] = n < 16 ? platform.isaIrq(n) : platform.gsi(n);
        }
        platform.claimPorts("test data", 0xe0, 4, this);
        platform.claimPorts("test flush", 0xe4, 4, this, new Flush());
        platform.claimPorts("test bytes", 0xe8, 4, this, new Bytes());
        platform.claimPorts("test irq lines", 0x2000, LINES, this, new Lines());
        platform.claimPorts("test console", 0xf1, 1, this, new Console());
        platform.regions().mapMmio("test iomem", IOMEM_BASE, IOMEM_BYTES, new IoMemory());
    }

    @Override
    public long read(long offset, int size) {
        return data >>> (int) offset * 8 & 0xffff_ffffL >>> 32 - size * 8;
    }

    @Override
    public void write(long offset, int size, long value) {
        int mask = -1 >>> 32 - size * 8 << (int) offset * 8;
        data = data & ~mask | (int) value << (int) offset * 8 & mask;
    }

    private final class Bytes implements ByteDevice {
        @Override
        public int readByte(int offset) {
            return data >>> offset * 8;
        }

        @Override
        public void writeByte(int offset, int value) {
            TestDevice.this.write(offset, 1, value);
        }
    }

    /** QEMU takes the page's host mapping away and back; the guest sees nothing of it. */
    private static final class Flush implements BusDevice {
        @Override
        public long read(long offset, int size) {
            return -1;
        }

        @Override
        public void write(long offset, int size, long value) {}
    }

    private final class Lines implements BusDevice {
        @Override
        public long read(long offset, int size) {
            return -1;
        }

        @Override
        public void write(long offset, int size, long value) {
            set((int) offset, value != 0);
        }
    }

    private void set(int n, boolean level) {
        asserted = level ? asserted | 1 << n : asserted & ~(1 << n);
        lines[n].set(level);
    }

    private final class Console implements ByteDevice {
        @Override
        public int readByte(int offset) {
            return 0xff;
        }

        @Override
        public void writeByte(int offset, int value) {
            platform.serial(0).ifPresent(s -> s.send(value));
        }
    }

    private final class IoMemory implements BusDevice {
        @Override
        public long read(long offset, int size) {
            synchronized (TestDevice.this) {
                long value = 0;
                for (int i = size - 1; i >= 0; i--) {
                    value = value << 8 | iomem[(int) offset + i & IOMEM_BYTES - 1] & 0xff;
                }
                return value;
            }
        }

        @Override
        public void write(long offset, int size, long value) {
            synchronized (TestDevice.this) {
                for (int i = 0; i < size; i++) {
                    iomem[(int) offset + i & IOMEM_BYTES - 1] = (byte) (value >>> i * 8);
                }
            }
        }
    }

    @Override
    public void reset() {
        data = 0;
        for (int n = 0; n < LINES; n++) {
            set(n, false);
        }
    }

    @Override
    public Record save() {
        return new State(data, iomem.clone(), asserted);
    }

    @Override
    public void restore(Record state) {
        State s = States.as(State.class, state);
        States.copy(s.iomem, iomem);
        data = s.data;
        for (int n = 0; n < LINES; n++) {
            set(n, (s.lines & 1 << n) != 0);
        }
    }

    /** Makes the device. */
    @Component(property = DeviceFactory.MODEL + "=test-device")
    public static final class Factory implements DeviceFactory {
        @Override
        public String model() {
            return "test-device";
        }

        @Override
        public String description() {
            return "Ports, lines and I/O memory that hypervisor test suites expect";
        }

        @Override
        public Device create(Platform platform, DeviceOptions options) throws VmException {
            options.allow(Set.of());
            return new TestDevice(platform);
        }
    }
}
