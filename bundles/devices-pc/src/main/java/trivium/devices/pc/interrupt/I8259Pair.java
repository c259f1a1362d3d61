package trivium.devices.pc.interrupt;

import org.osgi.service.component.annotations.Component;
import trivium.bus.IrqLine;
import trivium.device.Device;
import trivium.device.DeviceFactory;
import trivium.device.DeviceOptions;
import trivium.device.IsaPic;
import trivium.device.Platform;
import trivium.devices.pc.ByteDevice;
import trivium.devices.pc.States;
import trivium.vm.VmException;

/**
 * The two 8259As of a PC at ports 20h and A0h, the slave on IR2, with PIIX3's edge/level registers
 * at 4D0h (82371SB data sheet "ELCR1", "ELCR2").
 */
public final class I8259Pair implements Device, IsaPic, ByteDevice {
    static final int CASCADE = 2;
    private static final int SPURIOUS = 7;

    /** Saved registers. */
    record State(I8259.State master, I8259.State slave) {}

    private final I8259 master, slave;
    private IrqLine output = _ -> {};
    private volatile boolean asserted;

    I8259Pair(Platform platform) {
        platform.claimPorts("pic master", 0x20, 2, this);
        platform.claimPorts("pic slave", 0xa0, 2, this, new Slave());
        platform.claimPorts("elcr", 0x4d0, 2, this, new Elcr());
        master = new I8259(true, 0xf8, platform.shareRegister(0x21, 1));
        slave = new I8259(false, 0xde, platform.shareRegister(0xa1, 1));
        platform.provide(IsaPic.class, this);
    }

    private final class Slave implements ByteDevice {
        @Override
        public int readByte(int offset) {
            return readChip(slave, offset);
        }

        @Override
        public void writeByte(int offset, int value) {
            writeChip(slave, offset, value);
        }
    }

    private final class Elcr implements ByteDevice {
        @Override
        public int readByte(int offset) {
            return chip(offset).elcr();
        }

        @Override
        public void writeByte(int offset, int value) {
            chip(offset).setElcr(value);
            update();
        }

        private I8259 chip(int offset) {
            return offset == 0 ? master : slave;
        }
    }

    @Override
    public int readByte(int offset) {
        return readChip(master, offset);
    }

    @Override
    public void writeByte(int offset, int value) {
        writeChip(master, offset, value);
    }

    private int readChip(I8259 chip, int offset) {
        int value = offset == 0 ? chip.readCommandPort() : chip.readDataPort();
        update(); // a poll acknowledges
        return value;
    }

    private void writeChip(I8259 chip, int offset, int value) {
        if (offset == 0) {
            chip.writeCommandPort(value);
        } else {
            chip.writeDataPort(value);
        }
        update();
    }

    @Override
    public synchronized void setLine(int line, boolean level) {
        if (line < 0 || line > 15 || line == CASCADE) {
            return;
        }
        (line < 8 ? master : slave).setLine(line & 7, level);
        update();
    }

    private void update() {
        master.setLine(CASCADE, slave.requested() >= 0);
        boolean now = master.requested() >= 0;
        if (now != asserted) {
            asserted = now;
            output.set(now);
        }
    }

    @Override
    public boolean interruptAsserted() {
        return asserted;
    }

    /** Data sheet "Interrupt Sequence": a request gone before INTA answers as IR7, ISR unset. */
    @Override
    public synchronized int acknowledge() {
        int n = master.requested();
        if (n < 0) {
            return master.vector(SPURIOUS);
        }
        master.acknowledge(n);
        int vector = n == CASCADE ? acknowledgeSlave() : master.vector(n);
        update();
        return vector;
    }

    private int acknowledgeSlave() {
        int n = slave.requested();
        if (n < 0) {
            return slave.vector(SPURIOUS);
        }
        slave.acknowledge(n);
        master.setLine(CASCADE, false); // INT drops for the acknowledge: the next one is an edge
        return slave.vector(n);
    }

    @Override
    public synchronized void setOutput(IrqLine line) {
        output = line;
        line.set(asserted);
    }

    @Override
    public void reset() {
        master.reset();
        slave.reset();
        update();
    }

    @Override
    public Record save() {
        return new State(master.save(), slave.save());
    }

    @Override
    public void restore(Record state) {
        State s = States.as(State.class, state);
        master.restore(s.master);
        slave.restore(s.slave);
        asserted = master.requested() >= 0;
        output.set(asserted);
    }

    /** Makes the pair. */
    @Component(property = DeviceFactory.MODEL + "=pic")
    public static final class Factory implements DeviceFactory {
        @Override
        public String model() {
            return "pic";
        }

        @Override
        public String description() {
            return "Pair of Intel 8259A interrupt controllers";
        }

        @Override
        public Device create(Platform platform, DeviceOptions options) throws VmException {
            options.allow(java.util.Set.of());
            return new I8259Pair(platform);
        }
    }
}
