package trivium.devices.pc.storage;

import java.util.Set;
import org.osgi.service.component.annotations.Component;
import trivium.bus.BusDevice;
import trivium.device.BlockBackend;
import trivium.device.Device;
import trivium.device.DeviceFactory;
import trivium.device.DeviceOptions;
import trivium.device.Platform;
import trivium.devices.pc.States;
import trivium.devices.pc.pci.PciConfigSpace;
import trivium.vm.VmException;

/**
 * The IDE controller of the PIIX3 (82371SB, function 1) in legacy mode: two channels at 1F0h with
 * IRQ 14 and at 170h with IRQ 15, and their bus masters in BAR 4. Timing registers are kept without
 * effect; channels decode even if they are switched off there.
 */
public final class Ide implements Device {
    private static final int PIIX3_SLOT = 1, FUNCTION = 1;
    private static final int[] COMMAND_PORTS = {0x1f0, 0x170};
    private static final int[] CONTROL_PORTS = {0x3f6, 0x376};
    private static final int[] IRQS = {14, 15};
    private static final int BUS_MASTER_PORTS = 16;

    /** IDE decode enable, in each channel's timing register. */
    private static final int DECODE_BOTH = 0x8000_8000;

    /** Both channels and the configuration space. */
    public record State(Record primary, Record secondary, PciConfigSpace.State pci) {}

    private final Platform platform;
    private final IdeChannel[] channels = new IdeChannel[2];
    private final BusMaster[] masters = new BusMaster[2];
    private final PciConfigSpace pci;
    private long busMasterBase = PciConfigSpace.BarListener.UNMAPPED;

    Ide(Platform platform) {
        this.platform = platform;
        for (int i = 0; i < 2; i++) {
            masters[i] = new BusMaster(platform.memory());
            channels[i] = new IdeChannel(platform.isaIrq(IRQS[i]), masters[i]);
        }
        for (int i = 0; i < 4; i++) {
            int index = i;
            platform.drive("ide" + i).ifPresent(backend -> attach(index, backend));
        }
        pci =
                new PciConfigSpace(this, 0x8086, 0x7010, 0x010180, 0)
                        .subsystem(0x1af4, 0x1100)
                        .ioBar(4, BUS_MASTER_PORTS, this::moveBusMaster)
                        .set(0x40, 4, DECODE_BOTH)
                        .writable(0x40, 4, -1)
                        .writable(0x44, 1, 0xff);
    }

    private void attach(int index, BlockBackend backend) {
        IdeChannel channel = channels[index / 2];
        boolean cd = backend.media() == BlockBackend.Media.CDROM;
        channel.attach(
                index % 2,
                cd ? new AtapiCd(index, backend, channel) : new AtaDisk(index, backend, channel));
    }

    private void plug() {
        for (int i = 0; i < 2; i++) {
            platform.claimPorts("ide" + i, COMMAND_PORTS[i], 8, this, channels[i]);
            platform.claimPorts("ide" + i, CONTROL_PORTS[i], 1, this, new Control(channels[i]));
        }
        platform.pci().plug(PIIX3_SLOT, FUNCTION, pci);
    }

    private void moveBusMaster(long base) {
        if (busMasterBase != PciConfigSpace.BarListener.UNMAPPED) {
            platform.releasePorts((int) busMasterBase, BUS_MASTER_PORTS);
        }
        busMasterBase = base;
        if (base != PciConfigSpace.BarListener.UNMAPPED) {
            platform.claimPorts("ide-bm", (int) base, BUS_MASTER_PORTS, this, new BusMasterPorts());
        }
    }

    /** The one port of the control block that is not the floppy's. */
    private record Control(IdeChannel channel) implements BusDevice {
        @Override
        public long read(long offset, int size) {
            return channel.readAlternateStatus();
        }

        @Override
        public void write(long offset, int size, long value) {
            channel.writeControl((int) value & 0xff);
        }
    }

    /** BAR 4: eight ports for each channel. */
    private final class BusMasterPorts implements BusDevice {
        @Override
        public long read(long offset, int size) {
            long value = 0;
            for (int i = 0; i < size; i++) {
                int at = (int) offset + i;
                value |= (long) masters[at >>> 3 & 1].read(at & 7) << 8 * i;
            }
            return value;
        }

        @Override
        public void write(long offset, int size, long value) {
            for (int i = 0; i < size; i++) {
                int at = (int) offset + i;
                int channel = at >>> 3 & 1;
                if (masters[channel].write(at & 7, (int) (value >>> 8 * i) & 0xff)) {
                    channels[channel].busMasterStarted();
                }
            }
        }
    }

    @Override
    public synchronized void reset() {
        for (IdeChannel channel : channels) {
            channel.reset();
        }
        pci.reset();
    }

    @Override
    public synchronized State save() {
        return new State(channels[0].save(), channels[1].save(), pci.save());
    }

    @Override
    public synchronized void restore(Record state) {
        State s = States.as(State.class, state);
        channels[0].restore(States.as(IdeChannel.State.class, s.primary));
        channels[1].restore(States.as(IdeChannel.State.class, s.secondary));
        pci.restore(s.pci);
    }

    @Override
    public void close() {
        platform.pci().unplug(PIIX3_SLOT, FUNCTION);
        pci.close();
        platform.isaIrq(IRQS[0]).lower();
        platform.isaIrq(IRQS[1]).lower();
    }

    /** Makes the board's IDE controller. */
    @Component(property = "device.model=ide")
    public static final class Factory implements DeviceFactory {
        @Override
        public String model() {
            return "ide";
        }

        @Override
        public String description() {
            return "PIIX3 IDE with bus mastering: disks and CD-ROMs ide0 to ide3";
        }

        @Override
        public Ide create(Platform platform, DeviceOptions options) throws VmException {
            options.allow(Set.of());
            var ide = new Ide(platform);
            ide.plug();
            return ide;
        }
    }
}
