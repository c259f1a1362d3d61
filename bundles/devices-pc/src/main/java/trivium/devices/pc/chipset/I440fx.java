package trivium.devices.pc.chipset;

import java.util.Arrays;
import java.util.Set;
import org.osgi.service.component.annotations.Component;
import trivium.bus.BusDevice;
import trivium.bus.SharedRegister;
import trivium.device.Device;
import trivium.device.DeviceFactory;
import trivium.device.DeviceOptions;
import trivium.device.Platform;
import trivium.devices.pc.States;
import trivium.devices.pc.pci.PciConfigSpace;
import trivium.vm.VmException;

/**
 * Intel 82441FX host bridge, PCI 0:0.0, with configuration mechanism 1 at ports CF8h and CFCh
 * (82441FX data sheet "Configuration Address Register", "PAM—Programmable Attribute Map"). Not
 * modelled: SMRAM, DRAM timing and everything else that only keeps what is written.
 */
public final class I440fx implements Device, BusDevice {
    private static final int ENABLE = 1 << 31;
    private static final int CONFIG_SPACE_BITS = 0x80ff_fffc;
    private static final int PAM0 = 0x59, PAM_REGISTERS = 7, SMRAM = 0x72;
    private static final int READ_RAM = 1, WRITE_RAM = 2;
    private static final long SHADOW_BASE = 0xc0000, SYSTEM_BIOS = 0xf0000, PIECE = 0x4000;

    /** Saved registers. */
    record State(int address, PciConfigSpace.State config) {}

    private final Platform platform;
    private final PciConfigSpace config =
            new PciConfigSpace(this, 0x8086, 0x1237, 0x06_0000, 2).subsystem(0x1af4, 0x1100);
    private final SharedRegister address;

    /** Attributes last applied, piece by piece, F0000 last: a change costs every engine a flush. */
    private final int[] applied = new int[2 * PAM_REGISTERS - 1];

    I440fx(Platform platform) {
        this.platform = platform;
        config.set(PciConfigSpace.COMMAND, 2, 6).set(PciConfigSpace.STATUS, 2, 0x280);
        config.writable(0x50, 4, -1).writable(0x54, 4, -1).writable(0x58, 1, -1);
        config.writable(PAM0, 4, 0x3333_3330).writable(PAM0 + 4, 3, 0x33_3333);
        config.writable(0x60, 4, -1).writable(0x64, 4, -1).writable(0x68, 1, -1);
        config.set(SMRAM, 1, 2).writable(SMRAM, 1, 0x7f);
        config.onWrite(PAM0, PAM0 + PAM_REGISTERS, (_, _) -> applyPam());
        platform.pci().plug(0, 0, config);
        platform.claimPorts("pci config address", 0xcf8, 4, this);
        platform.claimPorts("pci config data", 0xcfc, 4, this, new Data());
        address = platform.shareRegister(0xcf8, 4);
        address.allow(false, true);
        applyAllPam();
    }

    private int address() {
        return address.get() & CONFIG_SPACE_BITS;
    }

    /** CF8h takes dwords only; CF9h as a byte is the PIIX3's reset register. */
    @Override
    public long read(long offset, int size) {
        if (offset == 0 && size == 4) {
            return address() & 0xffff_ffffL;
        }
        if (offset == 1 && size == 1) {
            return platform.find(Piix3.class).map(Piix3::readResetControl).orElse(0xff);
        }
        return -1L >>> 64 - size * 8;
    }

    @Override
    public void write(long offset, int size, long value) {
        if (offset == 0 && size == 4) {
            address.set((int) value);
        } else if (offset == 1 && size == 1) {
            platform.find(Piix3.class).ifPresent(p -> p.writeResetControl((int) value));
        }
    }

    private final class Data implements BusDevice {
        @Override
        public long read(long offset, int size) {
            if (!selected()) {
                return -1L >>> 64 - size * 8;
            }
            int value = platform.pci().readConfig(device(), function(), register(offset), size);
            return value & -1L >>> 64 - size * 8;
        }

        @Override
        public void write(long offset, int size, long value) {
            if (selected()) {
                platform.pci()
                        .writeConfig(device(), function(), register(offset), size, (int) value);
            }
        }
    }

    /** Only bus 0 exists. */
    private boolean selected() {
        return (address() & ENABLE) != 0 && (address() >>> 16 & 0xff) == 0;
    }

    private int device() {
        return address() >>> 11 & 31;
    }

    private int function() {
        return address() >>> 8 & 7;
    }

    private int register(long offset) {
        return address() & 0xfc | (int) offset & 3;
    }

    private void applyAllPam() {
        Arrays.fill(applied, -1);
        applyPam();
    }

    private void applyPam() {
        int last = applied.length - 1;
        shadow(last, SYSTEM_BIOS, 0x10000, config.get(PAM0, 1) >>> 4);
        for (int i = 0; i < last; i++) {
            int nibble = config.get(PAM0 + 1 + i / 2, 1) >>> (i & 1) * 4;
            shadow(i, SHADOW_BASE + i * PIECE, PIECE, nibble);
        }
    }

    private void shadow(int piece, long gpa, long size, int nibble) {
        int to = nibble & (READ_RAM | WRITE_RAM);
        if (to != applied[piece]) {
            applied[piece] = to;
            boolean readRam = (to & READ_RAM) != 0;
            platform.regions().setShadow(gpa, size, readRam, (to & WRITE_RAM) != 0);
        }
    }

    @Override
    public void reset() {
        address.set(0);
        config.reset();
        applyAllPam();
    }

    @Override
    public Record save() {
        return new State(address(), config.save());
    }

    @Override
    public void restore(Record state) {
        State s = States.as(State.class, state);
        address.set(s.address);
        config.restore(s.config);
        applyAllPam();
    }

    /** Makes the bridge. */
    @Component(property = DeviceFactory.MODEL + "=i440fx")
    public static final class Factory implements DeviceFactory {
        @Override
        public String model() {
            return "i440fx";
        }

        @Override
        public String description() {
            return "Intel 82441FX PCI host bridge";
        }

        @Override
        public Device create(Platform platform, DeviceOptions options) throws VmException {
            options.allow(Set.of());
            return new I440fx(platform);
        }
    }
}
