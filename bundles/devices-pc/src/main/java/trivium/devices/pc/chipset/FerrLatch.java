package trivium.devices.pc.chipset;

import java.util.Set;
import org.osgi.service.component.annotations.Component;
import trivium.bus.IrqLine;
import trivium.device.CoprocessorError;
import trivium.device.Device;
import trivium.device.DeviceFactory;
import trivium.device.DeviceOptions;
import trivium.device.Platform;
import trivium.devices.pc.ByteDevice;
import trivium.devices.pc.States;
import trivium.vm.VmException;

/**
 * The AT's coprocessor error latch: FERR# going active raises IRQ 13, a write to port F0 lowers it
 * (IBM PC AT Technical Reference, "Math Coprocessor"). Port F1, which reset the 80287, does the
 * same and nothing more.
 */
public final class FerrLatch implements Device, ByteDevice, CoprocessorError {
    /** Saved levels. */
    record State(boolean ferr, boolean interrupt) {}

    private static final int IRQ = 13;

    private final IrqLine irq;
    private boolean ferr;
    private boolean interrupt;

    FerrLatch(Platform platform) {
        irq = platform.isaIrq(IRQ);
        platform.claimPorts("ferr", 0xf0, 2, this);
        platform.provide(CoprocessorError.class, this);
    }

    @Override
    public synchronized void ferr(boolean asserted) {
        if (asserted && !ferr) {
            interrupt = true;
            irq.raise();
        }
        ferr = asserted;
    }

    @Override
    public int readByte(int offset) {
        return 0xff;
    }

    @Override
    public void writeByte(int offset, int value) {
        interrupt = false;
        irq.lower();
    }

    @Override
    public void reset() {
        ferr = false;
        interrupt = false;
        irq.lower();
    }

    @Override
    public Record save() {
        return new State(ferr, interrupt);
    }

    @Override
    public void restore(Record state) {
        State saved = States.as(State.class, state);
        ferr = saved.ferr;
        interrupt = saved.interrupt;
        irq.set(interrupt);
    }

    /** Makes the latch. */
    @Component(property = DeviceFactory.MODEL + "=ferr")
    public static final class Factory implements DeviceFactory {
        @Override
        public String model() {
            return "ferr";
        }

        @Override
        public String description() {
            return "Coprocessor error latch: FERR# to IRQ 13, port F0h";
        }

        @Override
        public Device create(Platform platform, DeviceOptions options) throws VmException {
            options.allow(Set.of());
            return new FerrLatch(platform);
        }
    }
}
