package trivium.devices.pc.chipset;

import java.util.Set;
import org.osgi.service.component.annotations.Component;
import trivium.bus.IrqLine;
import trivium.device.Device;
import trivium.device.DeviceFactory;
import trivium.device.DeviceOptions;
import trivium.device.Platform;
import trivium.devices.pc.States;
import trivium.devices.pc.pci.PciConfigSpace;
import trivium.vm.VmException;

/**
 * Intel 82371SB (PIIX3) PCI-to-ISA bridge, PCI 0:1.0: PIRQ routing and the reset control register
 * at CF9h, which reaches it through the host bridge. The other registers keep what is written.
 */
public final class Piix3 implements Device {
    private static final int DEVICE = 1;
    private static final int PIRQRC = 0x60, ROUTING_OFF = 0x80, PIRQS = 4;
    private static final int RCR_SYSTEM_RESET = 2, RCR_RESET_CPU = 4;

    /** ISA interrupts that PIRQs may be routed to: 3-7, 9-12, 14, 15. */
    private static final int ROUTABLE = 0xdef8;

    /** Saved registers and the levels of the PIRQ lines. */
    record State(PciConfigSpace.State config, int resetControl, int pirqs) {}

    private final Platform platform;
    private final PciConfigSpace config =
            new PciConfigSpace(this, 0x8086, 0x7000, 0x06_0100, 0)
                    .subsystem(0x1af4, 0x1100)
                    .multifunction();
    private final IrqLine[] isa = new IrqLine[16];
    private int resetControl;

    /** Asserted PIRQs, and the ISA interrupts they assert. */
    private int pirqs, driven;

    Piix3(Platform platform) {
        this.platform = platform;
        for (int n = 0; n < isa.length; n++) {
            isa[n] = (ROUTABLE & 1 << n) != 0 ? platform.isaIrq(n) : _ -> {};
        }
        config.set(PciConfigSpace.COMMAND, 2, 7).set(PciConfigSpace.STATUS, 2, 0x200);
        config.set(0x4c, 4, 0x03_004d).writable(0x4c, 4, 0x03ff_00ff);
        config.set(PIRQRC, 4, 0x8080_8080).writable(PIRQRC, 4, 0x8f8f_8f8f);
        config.set(0x69, 1, 2).writable(0x69, 1, 0xfe);
        config.set(0x70, 1, 0x80).writable(0x70, 2, 0xffff);
        config.set(0x76, 2, 0x0c0c).writable(0x76, 2, 0x8f8f);
        config.set(0x78, 1, 2).writable(0x78, 2, 0xffff).writable(0x80, 4, 0xff_ffff);
        config.set(0xa0, 1, 8).writable(0xa0, 4, -1).writable(0xa4, 4, -1).writable(0xa8, 4, -1);
        config.onWrite(PIRQRC, PIRQRC + PIRQS, (_, _) -> route());
        platform.pci().plug(DEVICE, 0, config);
        platform.pci().setRouter(this::setPirq);
        platform.provide(Piix3.class, this);
    }

    private synchronized void setPirq(int pirq, boolean asserted) {
        if (pirq < 0 || pirq >= PIRQS) {
            return;
        }
        pirqs = asserted ? pirqs | 1 << pirq : pirqs & ~(1 << pirq);
        route();
    }

    /** Several PIRQs may share an ISA interrupt: it is asserted while any of them is. */
    private void route() {
        int wanted = 0;
        for (int p = 0; p < PIRQS; p++) {
            int routing = config.get(PIRQRC + p, 1);
            if ((pirqs & 1 << p) != 0 && (routing & ROUTING_OFF) == 0) {
                wanted |= 1 << (routing & 15);
            }
        }
        int changed = wanted ^ driven;
        driven = wanted;
        for (int n = 0; changed != 0; n++, changed >>>= 1) {
            if ((changed & 1) != 0) {
                isa[n].set((wanted & 1 << n) != 0);
            }
        }
    }

    /** Data sheet "RC—Reset Control Register". */
    synchronized int readResetControl() {
        return resetControl;
    }

    synchronized void writeResetControl(int value) {
        boolean rises = (value & ~resetControl & RCR_RESET_CPU) != 0;
        resetControl = value & RCR_SYSTEM_RESET;
        if (rises) {
            platform.power().reset("port CF9");
        }
    }

    @Override
    public void reset() {
        resetControl = 0;
        config.reset();
        route();
    }

    @Override
    public Record save() {
        return new State(config.save(), resetControl, pirqs);
    }

    @Override
    public void restore(Record state) {
        State s = States.as(State.class, state);
        config.restore(s.config);
        resetControl = s.resetControl;
        pirqs = s.pirqs;
        route();
    }

    /** Makes the bridge. */
    @Component(property = DeviceFactory.MODEL + "=piix3")
    public static final class Factory implements DeviceFactory {
        @Override
        public String model() {
            return "piix3";
        }

        @Override
        public String description() {
            return "Intel 82371SB PCI-to-ISA bridge";
        }

        @Override
        public Device create(Platform platform, DeviceOptions options) throws VmException {
            options.allow(Set.of());
            return new Piix3(platform);
        }
    }
}
