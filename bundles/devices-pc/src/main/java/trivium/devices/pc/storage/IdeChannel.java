package trivium.devices.pc.storage;

import trivium.bus.BusDevice;
import trivium.bus.IrqLine;

/**
 * One cable with up to two drives: the command block and control block registers (ATA/ATAPI-7 Vol.
 * 2 "I/O register descriptions"). Writes reach both drives, reads come from the selected one.
 */
final class IdeChannel implements BusDevice, IdeDrive.Cable {
    private static final int NIEN = 2, SRST = 4, HOB = 0x80;
    private static final int SECOND = 0x10;
    private static final int EXECUTE_DIAGNOSTIC = 0x90, DEVICE_RESET = 0x08;

    /**
     * @param registers selected drive, device control, interrupt pending
     * @param first null without drive
     */
    record State(int[] registers, BusMaster.State master, Record first, Record second) {}

    private final IrqLine irq;
    private final BusMaster master;
    private final IdeDrive[] drives = new IdeDrive[2];
    private int selected;
    private int control;
    private boolean pending;

    IdeChannel(IrqLine irq, BusMaster master) {
        this.irq = irq;
        this.master = master;
    }

    void attach(int index, IdeDrive drive) {
        drives[index] = drive;
    }

    @Override
    public BusMaster busMaster() {
        return master;
    }

    @Override
    public void interrupt() {
        pending = true;
        if ((control & NIEN) == 0) {
            master.interrupt();
        }
        drive();
    }

    private void acknowledge() {
        pending = false;
        drive();
    }

    private void drive() {
        irq.set(pending && (control & NIEN) == 0);
    }

    /** The guest started the bus master: a command may be waiting for it. */
    void busMasterStarted() {
        IdeDrive drive = drives[selected];
        if (drive != null && drive.phase == IdeDrive.Phase.DMA) {
            drive.runDma();
        }
    }

    // --- command block, 1F0h or 170h

    @Override
    public long read(long offset, int size) {
        IdeDrive drive = drives[selected];
        if (drive == null) {
            return 0;
        }
        if (offset == 0) {
            return drive.readData(size) & 0xffff_ffffL >>> 32 - 8 * size;
        }
        long value = 0;
        for (int i = 0; i < size && offset + i < 8; i++) {
            value |= (long) readRegister(drive, (int) offset + i) << 8 * i;
        }
        return value;
    }

    private int readRegister(IdeDrive d, int register) {
        boolean hob = (control & HOB) != 0;
        return switch (register) {
            case 1 -> hob ? d.featuresHob : d.error;
            case 2 -> hob ? d.countHob : d.count;
            case 3 -> hob ? d.lowHob : d.low;
            case 4 -> hob ? d.midHob : d.mid;
            case 5 -> hob ? d.highHob : d.high;
            case 6 -> d.device & 0x5f | 0xa0 | selected * SECOND & SECOND;
            default -> {
                acknowledge();
                yield d.status;
            }
        };
    }

    @Override
    public void write(long offset, int size, long value) {
        if (offset == 0) {
            if (drives[selected] != null) {
                drives[selected].writeData(size, (int) value);
            }
            return;
        }
        for (int i = 0; i < size && offset + i < 8; i++) {
            writeRegister((int) offset + i, (int) (value >>> 8 * i) & 0xff);
        }
    }

    private void writeRegister(int register, int value) {
        control &= ~HOB;
        if (register == 7) {
            command(value);
            return;
        }
        if (register == 6) {
            selected = value >>> 4 & 1;
        }
        for (IdeDrive d : drives) {
            if (d != null) {
                writeTaskFile(d, register, value);
            }
        }
    }

    private static void writeTaskFile(IdeDrive d, int register, int value) {
        if ((d.status & IdeDrive.BSY) != 0) {
            return;
        }
        switch (register) {
            case 1 -> {
                d.featuresHob = d.features;
                d.features = value;
            }
            case 2 -> {
                d.countHob = d.count;
                d.count = value;
            }
            case 3 -> {
                d.lowHob = d.low;
                d.low = value;
            }
            case 4 -> {
                d.midHob = d.mid;
                d.mid = value;
            }
            case 5 -> {
                d.highHob = d.high;
                d.high = value;
            }
            default -> d.device = value;
        }
    }

    private void command(int code) {
        acknowledge();
        if (code == EXECUTE_DIAGNOSTIC && (control & SRST) == 0) {
            diagnose();
            return;
        }
        IdeDrive drive = drives[selected];
        if (drive == null || (drive.status & IdeDrive.BSY) != 0) {
            return;
        }
        if (drive.phase == IdeDrive.Phase.NONE || code == DEVICE_RESET) {
            drive.command(code);
        }
    }

    private void diagnose() {
        selected = 0;
        for (IdeDrive d : drives) {
            if (d != null) {
                d.reset(false);
            }
        }
        interrupt();
    }

    // --- control block, 3F6h or 376h

    /** Alternate status: leaves the interrupt pending. */
    int readAlternateStatus() {
        return drives[selected] == null ? 0 : drives[selected].status;
    }

    void writeControl(int value) {
        boolean wasReset = (control & SRST) != 0;
        control = value & (NIEN | SRST | HOB);
        boolean reset = (control & SRST) != 0;
        if (reset || wasReset) {
            softReset(reset);
        }
        drive();
    }

    private void softReset(boolean held) {
        selected = 0;
        pending = false;
        for (IdeDrive d : drives) {
            if (d != null) {
                d.reset(false);
                d.status = held ? IdeDrive.BSY : d.status;
            }
        }
    }

    void reset() {
        selected = 0;
        control = 0;
        pending = false;
        for (IdeDrive d : drives) {
            if (d != null) {
                d.reset(true);
            }
        }
        master.reset();
        drive();
    }

    State save() {
        int[] registers = {selected, control, pending ? 1 : 0};
        return new State(registers, master.save(), save(drives[0]), save(drives[1]));
    }

    private static IdeDrive.State save(IdeDrive drive) {
        return drive == null ? null : drive.save();
    }

    void restore(State s) {
        check(drives[0], s.first);
        check(drives[1], s.second);
        selected = s.registers[0] & 1;
        control = s.registers[1] & (NIEN | SRST | HOB);
        pending = s.registers[2] != 0;
        master.restore(s.master);
        restore(drives[0], s.first);
        restore(drives[1], s.second);
        drive();
    }

    private static void check(IdeDrive drive, Record state) {
        if ((drive == null) != (state == null)) {
            throw new IllegalArgumentException("the state has other drives");
        }
    }

    private static void restore(IdeDrive drive, Record state) {
        if (drive != null && state instanceof IdeDrive.State s) {
            drive.restore(s);
        }
    }
}
