package trivium.devices.pc.chipset;

import java.util.Set;
import org.osgi.service.component.annotations.Component;
import trivium.bus.IrqLine;
import trivium.device.Device;
import trivium.device.DeviceFactory;
import trivium.device.DeviceOptions;
import trivium.device.Platform;
import trivium.device.PowerButton;
import trivium.device.VirtualTimer;
import trivium.devices.pc.ByteDevice;
import trivium.devices.pc.States;
import trivium.devices.pc.Ticks;
import trivium.devices.pc.pci.PciConfigSpace;
import trivium.vm.VmException;

/**
 * Intel 82371AB (PIIX4) power management, PCI 0:1.3: ACPI event, control and timer registers, the
 * APM ports and GPE0 where QEMU's PC has it (AFE0h). There is no system management mode, so a
 * command at port B2h acts at once: ACPI enable and disable. Not modelled: sleep states other than
 * S5 (the guest wakes at once), device monitors, throttling.
 */
public final class Piix4Pm implements Device, ByteDevice, PowerButton {
    private static final int DEVICE = 1, FUNCTION = 3;
    private static final int PMBASE = 0x40, PMREGMISC = 0x80, SMBBASE = 0x90, SMBHSTCFG = 0xd2;
    private static final int PM_PORTS = 64, SMB_PORTS = 16, GPE_BASE = 0xafe0;
    private static final int STS = 0, EN = 2, CNT = 4, TMR = 8;
    private static final int TMR_STS = 1, PWRBTN = 1 << 8;
    private static final int WAK_STS = 1 << 15;
    private static final int STS_BITS = 0x8d31, EN_BITS = 0x0521, SCI_CAUSES = 0x0521;
    private static final int SCI_EN = 1, CNT_BITS = 0x1c03, SLP_EN = 1 << 13, SLP_SHIFT = 10;
    private static final int ACPI_ENABLE = 0xf1, ACPI_DISABLE = 0xf0;
    private static final int SLEEP_S5 = 0, SLEEP_S4 = 2;
    private static final Ticks TIMER = new Ticks(3_579_545);
    private static final int TIMER_MASK = 0xff_ffff;

    /** TMR_STS is set when bit 23 toggles. */
    private static final int TIMER_CARRY_BITS = 23;

    /** Saved registers. */
    record State(
            PciConfigSpace.State config,
            int status,
            int enable,
            int control,
            long carries,
            int gpeStatus,
            int gpeEnable,
            int apmCommand,
            int apmStatus,
            byte[] smbus) {}

    private final Platform platform;
    private final PciConfigSpace config =
            new PciConfigSpace(this, 0x8086, 0x7113, 0x06_8000, 3)
                    .subsystem(0x1af4, 0x1100)
                    .interruptPin(0);
    private final IrqLine sci;
    private final VirtualTimer carry;
    private final SmBus smbus = new SmBus();

    /** Where the windows are claimed, or -1. */
    private int pmBase = -1, smbBase = -1;

    private int status, enable, control;

    /** How often bit 23 had toggled when TMR_STS was last computed. */
    private long carries;

    private int gpeStatus, gpeEnable;
    private int apmCommand, apmStatus;

    Piix4Pm(Platform platform) {
        this.platform = platform;
        sci = platform.isaIrq(9);
        carry = platform.newTimer("acpi timer", this, this::update);
        declareConfig();
        platform.pci().plug(DEVICE, FUNCTION, config);
        platform.claimPorts("apm", 0xb2, 2, this, new Apm());
        platform.claimPorts("gpe0", GPE_BASE, 4, this, new Gpe());
        platform.provide(PowerButton.class, this);
    }

    private void declareConfig() {
        config.set(PciConfigSpace.STATUS, 2, 0x280).set(PciConfigSpace.INTERRUPT_LINE, 1, 9);
        config.writable(PciConfigSpace.COMMAND, 2, PciConfigSpace.COMMAND_IO);
        config.set(PMBASE, 4, 1).writable(PMBASE, 4, 0xffc0).writable(PMREGMISC, 1, 1);
        config.set(SMBBASE, 4, 1).writable(SMBBASE, 4, 0xfff0).writable(SMBHSTCFG, 1, 0x0f);
        for (int r = 0x44; r < PMREGMISC; r += 4) {
            config.writable(r, 4, -1); // device monitors and traps
        }
        config.set(0x5b, 1, 2); // APMC_EN: firmware takes it as "SMM is set up already"
        config.onWrite(PciConfigSpace.COMMAND, SMBHSTCFG + 1, (_, _) -> moveWindows());
    }

    // --- windows

    private void moveWindows() {
        boolean pm = (config.get(PMREGMISC, 1) & 1) != 0;
        int to = pm ? base(PMBASE, 0xffc0) : -1;
        if (to != pmBase) {
            release(pmBase, PM_PORTS);
            pmBase = to;
            if (to >= 0) {
                platform.claimPorts("acpi pm", to, PM_PORTS, this);
            }
        }
        boolean smb = (config.get(SMBHSTCFG, 1) & 1) != 0;
        to = smb ? base(SMBBASE, 0xfff0) : -1;
        if (to != smbBase) {
            release(smbBase, SMB_PORTS);
            smbBase = to;
            if (to >= 0) {
                platform.claimPorts("smbus", to, SMB_PORTS, this, smbus);
            }
        }
    }

    /** A window at 0 would cover the DMA controller: it is taken as not programmed yet. */
    private int base(int register, int mask) {
        int base = config.get(register, 2) & mask;
        return base == 0 ? -1 : base;
    }

    private void release(int base, int ports) {
        if (base >= 0) {
            platform.releasePorts(base, ports);
        }
    }

    // --- PM registers (82371AB data sheet "Power Management I/O Space Registers")

    @Override
    public long read(long offset, int size) {
        return offset == TMR && size == 4 ? timer() : ByteDevice.super.read(offset, size);
    }

    private int timer() {
        return (int) TIMER.at(platform.clock().nanos()) & TIMER_MASK;
    }

    @Override
    public int readByte(int offset) {
        int shift = (offset & 1) * 8;
        return switch (offset & ~1) {
            case STS -> {
                collect();
                yield status >>> shift;
            }
            case EN -> enable >>> shift;
            case CNT -> control >>> shift;
            case TMR, TMR + 2 -> timer() >>> (offset & 3) * 8;
            default -> {
                platform.unimplemented("piix4pm", "pm %02x".formatted(offset), 0);
                yield 0;
            }
        };
    }

    @Override
    public void writeByte(int offset, int value) {
        int shift = (offset & 1) * 8;
        switch (offset & ~1) {
            case STS -> {
                collect();
                status &= ~(value << shift & STS_BITS);
            }
            case EN -> enable = merge(enable, value, shift) & EN_BITS;
            case CNT -> writeControl(value << shift, 0xff << shift);
            case TMR, TMR + 2 -> {} // read-only
            default -> platform.unimplemented("piix4pm", "pm %02x".formatted(offset), value);
        }
        update();
    }

    private static int merge(int old, int octet, int shift) {
        return old & ~(0xff << shift) | octet << shift;
    }

    private void writeControl(int bits, int mask) {
        control = (control & ~mask | bits) & CNT_BITS;
        if ((bits & SLP_EN) != 0) {
            sleep(control >>> SLP_SHIFT & 7);
        }
    }

    private void sleep(int type) {
        if (type == SLEEP_S5 || type == SLEEP_S4) {
            platform.power().powerOff("ACPI S" + (type == SLEEP_S5 ? 5 : 4));
        } else {
            platform.unimplemented("piix4pm", "sleep type %d".formatted(type), type);
            status |= WAK_STS;
        }
    }

    private void collect() {
        long now = TIMER.at(platform.clock().nanos()) >>> TIMER_CARRY_BITS;
        if (now != carries) {
            carries = now;
            status |= TMR_STS;
        }
    }

    private void update() {
        collect();
        boolean pm = (status & enable & SCI_CAUSES) != 0;
        sci.set(pm || (gpeStatus & gpeEnable) != 0);
        if ((enable & ~status & TMR_STS) != 0) {
            carry.arm(TIMER.nanos(carries + 1 << TIMER_CARRY_BITS));
        } else {
            carry.cancel();
        }
    }

    @Override
    public synchronized void press() {
        status |= PWRBTN;
        update();
    }

    // --- APM and GPE0

    private final class Apm implements ByteDevice {
        @Override
        public int readByte(int offset) {
            return offset == 0 ? apmCommand : apmStatus;
        }

        @Override
        public void writeByte(int offset, int value) {
            if (offset != 0) {
                apmStatus = value;
                return;
            }
            apmCommand = value;
            if (value == ACPI_ENABLE) {
                control |= SCI_EN;
            } else if (value == ACPI_DISABLE) {
                control &= ~SCI_EN;
            }
            update();
        }
    }

    /** Two bytes of status, two of enable; nothing on this board sets status. */
    private final class Gpe implements ByteDevice {
        @Override
        public int readByte(int offset) {
            return (offset < 2 ? gpeStatus : gpeEnable) >>> (offset & 1) * 8;
        }

        @Override
        public void writeByte(int offset, int value) {
            int shift = (offset & 1) * 8;
            if (offset < 2) {
                gpeStatus &= ~(value << shift);
            } else {
                gpeEnable = merge(gpeEnable, value, shift);
            }
            update();
        }
    }

    @Override
    public void reset() {
        config.reset();
        moveWindows();
        status = enable = control = 0;
        carries = TIMER.at(platform.clock().nanos()) >>> TIMER_CARRY_BITS;
        gpeStatus = gpeEnable = apmCommand = apmStatus = 0;
        smbus.reset();
        update();
    }

    @Override
    public Record save() {
        return new State(
                config.save(),
                status,
                enable,
                control,
                carries,
                gpeStatus,
                gpeEnable,
                apmCommand,
                apmStatus,
                smbus.save());
    }

    @Override
    public void restore(Record state) {
        State s = States.as(State.class, state);
        config.restore(s.config);
        moveWindows();
        status = s.status;
        enable = s.enable;
        control = s.control;
        carries = s.carries;
        gpeStatus = s.gpeStatus;
        gpeEnable = s.gpeEnable;
        apmCommand = s.apmCommand;
        apmStatus = s.apmStatus;
        smbus.restore(s.smbus);
        update();
    }

    @Override
    public void close() {
        carry.cancel();
        sci.lower();
    }

    /** Makes the function. */
    @Component(property = DeviceFactory.MODEL + "=piix4pm")
    public static final class Factory implements DeviceFactory {
        @Override
        public String model() {
            return "piix4pm";
        }

        @Override
        public String description() {
            return "Intel 82371AB ACPI power management with a power button";
        }

        @Override
        public Device create(Platform platform, DeviceOptions options) throws VmException {
            options.allow(Set.of());
            return new Piix4Pm(platform);
        }
    }
}
