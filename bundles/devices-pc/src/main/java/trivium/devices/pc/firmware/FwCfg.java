package trivium.devices.pc.firmware;

import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.osgi.service.component.annotations.Component;
import trivium.bus.BusDevice;
import trivium.device.Device;
import trivium.device.DeviceFactory;
import trivium.device.DeviceOptions;
import trivium.device.FirmwareConfig;
import trivium.device.Platform;
import trivium.devices.pc.States;
import trivium.devices.pc.firmware.acpi.AcpiTables;
import trivium.memory.PhysicalMemory;
import trivium.vm.VmException;

/**
 * QEMU's firmware configuration device (QEMU docs/specs/fw_cfg.rst): numbered items and named files
 * that firmware and guests read through ports 510h, 511h or by DMA through 514h. Not modelled:
 * files that a guest may write.
 */
public final class FwCfg implements Device, FirmwareConfig {
    private static final int PORT_SELECTOR = 0x510, PORT_DMA = 0x514;
    private static final int SIGNATURE = 0x00, ID = 0x01, UUID = 0x02, RAM_SIZE = 0x03;
    private static final int NOGRAPHIC = 0x04, NB_CPUS = 0x05, BOOT_MENU = 0x0e, MAX_CPUS = 0x0f;
    private static final int FILE_DIR = 0x19, FIRST_FILE = 0x20, IRQ0_OVERRIDE = 0x8002;
    private static final int ID_TRADITIONAL = 1, ID_DMA = 2;
    private static final int DMA_ERROR = 1, DMA_READ = 2, DMA_SKIP = 4, DMA_SELECT = 8;
    private static final int DMA_WRITE = 16;
    private static final int NAME_BYTES = 56;
    private static final int MAX_FILES = 256;
    private static final int CHUNK_BYTES = 65_536;
    private static final String BOOT_ORDER = "bootorder";

    /** A DMA read may ask for up to 4 GiB past the end of an item; it gets this many zeros. */
    private static final int MAX_PADDING_BYTES = 1 << 20;

    /**
     * @param selected key of the current item
     * @param position in it
     * @param dmaHigh upper half of the DMA address, as written so far
     */
    public record State(int selected, int position, int dmaHigh) {}

    private final PhysicalMemory memory;
    private final BootOrder bootOrder;
    private final Map<Integer, byte[]> items = new HashMap<>();
    private final Map<String, Integer> files = new LinkedHashMap<>();
    private final byte[] chunk = new byte[CHUNK_BYTES];
    private byte[] current = new byte[0];
    private int selected;
    private int position;
    private int dmaHigh;

    FwCfg(Platform platform, DeviceOptions options) throws VmException {
        memory = platform.memory();
        bootOrder = new BootOrder(platform);
        setItem(SIGNATURE, new byte[] {'Q', 'E', 'M', 'U'});
        setItem(ID, little(ID_TRADITIONAL | ID_DMA, 4));
        setItem(UUID, new byte[16]);
        setItem(RAM_SIZE, little(memory.ramBytes(), 8));
        setItem(NOGRAPHIC, little(0, 2));
        setItem(NB_CPUS, little(platform.cpuCount(), 2));
        setItem(MAX_CPUS, little(platform.cpuCount(), 2));
        items.put(IRQ0_OVERRIDE, little(1, 4));
        addFiles(platform, options);
        select(SIGNATURE);
    }

    private void addFiles(Platform platform, DeviceOptions options) throws VmException {
        long menu = options.number("boot-menu", 0, 0, 1);
        long failWait = options.number("boot-fail-wait", -1, -1, Integer.MAX_VALUE);
        var map = MemoryMap.of(memory);
        setItem(BOOT_MENU, little(menu, 2));
        addFile("etc/show-boot-menu", little(menu, 2));
        addFile("etc/boot-fail-wait", little(failWait, 4));
        addFile("etc/e820", map.e820());
        // S0 and S5 only (the bit says enabled), as the DSDT has it.
        addFile("etc/system-states", new byte[] {(byte) 128, 0, 0, 1, 2, (byte) 128});
        addFile(BOOT_ORDER, new byte[0]);
        AcpiTables.describe(platform, map).addTo(this);
        Smbios.describe(platform, map).addTo(this);
    }

    @Override
    public synchronized void addFile(String name, byte[] data) {
        if (name.length() >= NAME_BYTES || files.size() >= MAX_FILES) {
            throw new IllegalArgumentException("fw_cfg cannot hold file " + name);
        }
        int key = files.computeIfAbsent(name, _ -> FIRST_FILE + files.size());
        items.put(key, data);
    }

    @Override
    public synchronized void setItem(int key, byte[] data) {
        if (key < 0 || key >= FIRST_FILE || key == FILE_DIR) {
            throw new IllegalArgumentException("fw_cfg item %#x is not free".formatted(key));
        }
        items.put(key, data);
    }

    /** For tests and tools: what a file holds, or an empty array. */
    public synchronized byte[] file(String name) {
        Integer key = files.get(name);
        return key == null ? new byte[0] : items.get(key).clone();
    }

    private void select(int key) {
        selected = key & 0xffff;
        position = 0;
        // Bit 14 asks for write access and bit 15 for the architecture's own items.
        int item = selected & ~0x4000;
        if (item == FILE_DIR) {
            current = directory();
        } else {
            current = items.getOrDefault(item, new byte[0]);
        }
    }

    /** Made when asked for: drives and cards may have come since this device was made. */
    private byte[] directory() {
        addFile(BOOT_ORDER, bootOrder.file());
        var directory = new ByteWriter().be32(files.size());
        files.forEach((name, key) ->
                directory.be32(items.get(key).length).be16(key).be16(0).text(name, NAME_BYTES, 0));
        return directory.toBytes();
    }

    private int nextByte() {
        return position < current.length ? current[position++] & 0xff : 0;
    }

    /** Ports 510h (selector, 16 bits) and 511h (data, 8 bits). */
    private final class Registers implements BusDevice {
        @Override
        public long read(long offset, int size) {
            return offset == 1 && size == 1 ? nextByte() : 0;
        }

        @Override
        public void write(long offset, int size, long value) {
            if (offset == 0 && size == 2) {
                select((int) value);
            }
        }
    }

    /** Ports 514h to 51Bh: a big-endian address; writing its low half starts the transfer. */
    private final class DmaAddress implements BusDevice {
        private static final long SIGNATURE_VALUE = 0x51454d5520434647L; // "QEMU CFG"

        @Override
        public long read(long offset, int size) {
            long bits = 0;
            for (int i = 0; i < size; i++) {
                int shift = 56 - 8 * (int) (offset + i & 7);
                bits |= (SIGNATURE_VALUE >>> shift & 0xff) << 8 * i;
            }
            return bits;
        }

        @Override
        public void write(long offset, int size, long value) {
            if (size != 4) {
                return;
            }
            int half = Integer.reverseBytes((int) value);
            if (offset == 0) {
                dmaHigh = half;
            } else if (offset == 4) {
                long address = (long) dmaHigh << 32 | half & 0xffff_ffffL;
                dmaHigh = 0;
                transfer(address);
            }
        }
    }

    private void transfer(long descriptor) {
        int control = (int) readBig(descriptor, 4);
        long length = readBig(descriptor + 4, 4) & 0xffff_ffffL;
        long address = readBig(descriptor + 8, 8);
        if ((control & DMA_SELECT) != 0) {
            select(control >>> 16);
        }
        int error = 0;
        if ((control & DMA_READ) != 0) {
            copyOut(address, length);
        } else if ((control & DMA_WRITE) != 0) {
            error = DMA_ERROR;
        } else if ((control & DMA_SKIP) != 0) {
            position = (int) Math.min(current.length, position + length);
        }
        writeBig(descriptor, error);
    }

    private void copyOut(long address, long length) {
        int have = (int) Math.min(length, current.length - position);
        memory.write(address, current, position, have);
        position += have;
        long padding = Math.min(length - have, MAX_PADDING_BYTES);
        for (long done = 0; done < padding; done += CHUNK_BYTES) {
            int count = (int) Math.min(CHUNK_BYTES, padding - done);
            memory.write(address + have + done, chunk, 0, count);
        }
    }

    private long readBig(long gpa, int size) {
        byte[] bytes = new byte[8];
        memory.read(gpa, bytes, 0, size);
        long value = 0;
        for (int i = 0; i < size; i++) {
            value = value << 8 | bytes[i] & 0xff;
        }
        return value;
    }

    private void writeBig(long gpa, int value) {
        memory.write(gpa, new ByteWriter().be32(value).toBytes(), 0, 4);
    }

    private static byte[] little(long value, int size) {
        return Arrays.copyOf(new ByteWriter().u64(value).toBytes(), size);
    }

    @Override
    public synchronized void reset() {
        dmaHigh = 0;
        select(SIGNATURE);
    }

    @Override
    public synchronized State save() {
        return new State(selected, position, dmaHigh);
    }

    @Override
    public synchronized void restore(Record state) {
        State s = States.as(State.class, state);
        select(s.selected);
        position = Math.clamp(s.position, 0, current.length);
        dmaHigh = s.dmaHigh;
    }

    /** Makes the board's fw_cfg. */
    @Component(property = "device.model=fw-cfg")
    public static final class Factory implements DeviceFactory {
        private static final Map<String, String> OPTIONS =
                Map.of(
                        "boot-menu",
                        "1 lets the user choose the boot device with ESC",
                        "boot-fail-wait",
                        "milliseconds until a boot without bootable drive is tried again;"
                                + " -1 never");

        @Override
        public String model() {
            return "fw-cfg";
        }

        @Override
        public String description() {
            return "QEMU firmware configuration device with ACPI and SMBIOS tables";
        }

        @Override
        public Map<String, String> options() {
            return OPTIONS;
        }

        @Override
        public FwCfg create(Platform platform, DeviceOptions options) throws VmException {
            options.allow(Set.copyOf(OPTIONS.keySet()));
            var device = new FwCfg(platform, options);
            platform.claimPorts("fw-cfg", PORT_SELECTOR, 2, device, device.new Registers());
            platform.claimPorts("fw-cfg-dma", PORT_DMA, 8, device, device.new DmaAddress());
            platform.provide(FirmwareConfig.class, device);
            return device;
        }
    }
}
