package trivium.devices.pc.storage;

import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import org.osgi.service.component.annotations.Component;
import trivium.bus.BusDevice;
import trivium.bus.DmaChannel;
import trivium.bus.IrqLine;
import trivium.device.BlockBackend;
import trivium.device.Device;
import trivium.device.DeviceFactory;
import trivium.device.DeviceOptions;
import trivium.device.Platform;
import trivium.device.VirtualTimer;
import trivium.devices.pc.ByteDevice;
import trivium.devices.pc.States;
import trivium.vm.VmException;

/**
 * Intel 82077AA floppy disk controller with two drives, by DMA channel 2 or by PIO. Commands take a
 * short time whatever the head has to do. Not modelled: SCAN commands, deleted data marks, sector
 * sizes other than 512, tracks formatted otherwise than the image, FIFO thresholds.
 */
public final class I82077 implements Device {
    private static final int BASE = 0x3f0, DIR_CCR = 0x3f7, IRQ = 6, DMA = 2;
    private static final long DATA_NANOS = 100_000, SEEK_NANOS = 500_000, WAIT_NANOS = 1_000_000;

    /** 82077AA "Data Rate Select Register" after a hardware reset. */
    private static final int KBPS_250_AT_RESET = 2;

    /** How long a command waits for the DMA channel to be unmasked: two revolutions. */
    private static final int MAX_WAITS = 400;

    private static final int DOR_NOT_RESET = 4, DOR_DMA_GATE = 8;
    private static final int MSR_RQM = 0x80, MSR_DIO = 0x40, MSR_NDMA = 0x20, MSR_BUSY = 0x10;
    private static final int SEEK_END = 0x20, ABNORMAL = 0x40, INVALID = 0x80, POLLED = 0xc0;
    private static final int EQUIPMENT_CHECK = 0x10;
    private static final int MISSING_MARK = 0x01, NOT_WRITABLE = 0x02, NO_DATA = 0x04;
    private static final int OVERRUN = 0x10, DATA_ERROR = 0x20, END_OF_CYLINDER = 0x80;
    private static final int WRONG_CYLINDER = 0x10;
    private static final int IMPLIED_SEEK = 0x40, NO_POLLING = 0x10;
    private static final int SECTOR_SIZE_CODE = 2;

    // Commands by their lower five bits (82077AA "Command Set").
    private static final int READ_TRACK = 0x02, SPECIFY = 0x03, SENSE_DRIVE = 0x04, WRITE = 0x05;
    private static final int READ = 0x06, RECALIBRATE = 0x07, SENSE_INTERRUPT = 0x08;
    private static final int WRITE_DELETED = 0x09, READ_ID = 0x0a, READ_DELETED = 0x0c;
    private static final int FORMAT = 0x0d, DUMPREG = 0x0e, SEEK = 0x0f, VERSION = 0x10;
    private static final int PERPENDICULAR = 0x12, CONFIGURE = 0x13, LOCK = 0x14, VERIFY = 0x16;

    private enum Phase {
        COMMAND,
        WAITING,
        TO_HOST,
        FROM_HOST,
        RESULT
    }

    /**
     * @param registers everything that is a small number
     * @param parameters the command as far as it came
     * @param fifo result or sector in transfer
     */
    public record State(
            int[] registers,
            int[] parameters,
            byte[] fifo,
            int[] interrupts,
            Record drive0,
            Record drive1) {}

    private final IrqLine irq;
    private final DmaChannel dma;
    private final Platform platform;
    private final VirtualTimer timer;
    private final FloppyDrive[] drives = new FloppyDrive[4];

    private int dor;
    private int tdr;
    private int rate;
    private int configuration;
    private int precompTrack;
    private int specify1;
    private int specify2;
    private int perpendicular;
    private boolean locked;
    private boolean irqPending;

    private Phase phase = Phase.COMMAND;
    private final int[] parameters = new int[9];
    private int parameterCount;
    private final byte[] fifo = new byte[FloppyDrive.SECTOR_BYTES];
    private int position;
    private int end;
    private int waits;

    /** What SENSE INTERRUPT will say for each drive; -1 for nothing. */
    private final int[] interrupts = {-1, -1, -1, -1};

    private int seeking;

    // The transfer under way: side and sector, and how many sectors FORMAT and VERIFY have left.
    private int head;
    private int sector;
    private int left;

    /** The side last tried, for status register 0: the result tells where to go on. */
    private int side;

    I82077(Platform platform) throws VmException {
        this.platform = platform;
        irq = platform.isaIrq(IRQ);
        dma = platform.isaDma(DMA);
        timer = platform.newTimer("floppy", this, this::timeUp);
        for (int i = 0; i < 2; i++) {
            String slot = "floppy" + i;
            Optional<BlockBackend> image = platform.drive(slot);
            if (image.isPresent()) {
                drives[i] = new FloppyDrive(slot, checked(slot, image.get()));
            }
        }
    }

    private static BlockBackend checked(String slot, BlockBackend image) throws VmException {
        long size = image.sizeBytes();
        if (size != 0 && FloppyDrive.formatOf(size).isEmpty()) {
            throw new VmException(
                    "%s: an image of %d bytes is no floppy disk; at most 2949120 bytes are"
                            .formatted(slot, size));
        }
        return image;
    }

    // --- registers

    private final class Registers implements ByteDevice {
        @Override
        public int readByte(int offset) {
            return switch (offset) {
                case 0 -> statusA();
                case 1 -> 0xc0 | dor >>> 4 & 3 | (dor & 1) << 5;
                case 2 -> dor;
                case 3 -> tdr;
                case 4 -> mainStatus();
                default -> readFifo();
            };
        }

        @Override
        public void writeByte(int offset, int value) {
            switch (offset) {
                case 2 -> writeDor(value);
                case 3 -> tdr = value & 3;
                case 4 -> writeDsr(value);
                case 5 -> writeFifo(value);
                default -> platform.unimplemented("floppy", "port " + offset, value);
            }
        }
    }

    /** Port 3F7h: digital input (disk change) and configuration control (data rate). */
    private final class ChangeAndRate implements BusDevice {
        @Override
        public long read(long offset, int size) {
            FloppyDrive drive = drives[dor & 3];
            boolean motor = (dor & 0x10 << (dor & 3)) != 0;
            return motor && drive != null && drive.changed() ? 0x80 : 0;
        }

        @Override
        public void write(long offset, int size, long value) {
            rate = (int) value & 3;
        }
    }

    private int statusA() {
        FloppyDrive drive = drives[dor & 3];
        boolean track0 = drive != null && drive.cylinder() == 0;
        return (irqPending ? 0x80 : 0) | 0x40 | (track0 ? 0 : 0x10) | head << 3;
    }

    private int mainStatus() {
        if ((dor & DOR_NOT_RESET) == 0) {
            return 0;
        }
        return switch (phase) {
            case COMMAND -> MSR_RQM | (parameterCount > 0 ? MSR_BUSY : 0) | seeking;
            case WAITING -> MSR_BUSY;
            case TO_HOST -> MSR_RQM | MSR_DIO | MSR_NDMA | MSR_BUSY;
            case FROM_HOST -> MSR_RQM | MSR_NDMA | MSR_BUSY;
            case RESULT -> MSR_RQM | MSR_DIO | MSR_BUSY;
        };
    }

    private void writeDor(int value) {
        boolean was = (dor & DOR_NOT_RESET) != 0;
        dor = value;
        boolean runs = (dor & DOR_NOT_RESET) != 0;
        if (!runs) {
            softReset();
        } else if (!was) {
            startAfterReset();
        }
        driveIrq();
    }

    private void writeDsr(int value) {
        rate = value & 3;
        if ((value & 0x80) != 0) { // resets itself
            softReset();
            startAfterReset();
        }
    }

    private void softReset() {
        timer.cancel();
        phase = Phase.COMMAND;
        parameterCount = 0;
        seeking = 0;
        irqPending = false;
        Arrays.fill(interrupts, -1);
        if (!locked) {
            configuration = 0;
        }
        driveIrq();
    }

    /** 82077AA "Polling": after reset the ready lines of four drives seem to have changed. */
    private void startAfterReset() {
        if ((configuration & NO_POLLING) == 0) {
            phase = Phase.COMMAND;
            for (int i = 0; i < 4; i++) {
                interrupts[i] = POLLED | i;
            }
            timer.arm(platform.clock().nanos() + DATA_NANOS);
        }
    }

    private void interrupt() {
        irqPending = true;
        driveIrq();
    }

    private void acknowledge() {
        irqPending = false;
        driveIrq();
    }

    private void driveIrq() {
        irq.set(irqPending && (dor & DOR_DMA_GATE) != 0);
    }

    // --- the FIFO

    private int readFifo() {
        return switch (phase) {
            case RESULT -> {
                acknowledge();
                int value = fifo[position++] & 0xff;
                if (position >= end) {
                    phase = Phase.COMMAND;
                }
                yield value;
            }
            case TO_HOST -> {
                acknowledge();
                int value = fifo[position++] & 0xff;
                if (position >= end) {
                    sectorDone();
                }
                yield value;
            }
            default -> 0;
        };
    }

    private void writeFifo(int value) {
        if ((dor & DOR_NOT_RESET) == 0) {
            return;
        }
        if (phase == Phase.FROM_HOST) {
            acknowledge();
            fifo[position++] = (byte) value;
            if (position >= end) {
                hostSectorComplete();
            }
        } else if (phase == Phase.COMMAND) {
            parameters[parameterCount++] = value;
            if (parameterCount > parametersOf(parameters[0])) {
                parameterCount = 0;
                execute();
            }
        }
    }

    private static int parametersOf(int code) {
        return switch (code & 0x1f) {
            case READ, WRITE, READ_DELETED, WRITE_DELETED, READ_TRACK, VERIFY -> 8;
            case FORMAT -> 5;
            case CONFIGURE -> 3;
            case SPECIFY, SEEK -> 2;
            case SENSE_DRIVE, RECALIBRATE, READ_ID, PERPENDICULAR -> 1;
            default -> 0;
        };
    }

    private void execute() {
        switch (parameters[0] & 0x1f) {
            case SPECIFY -> {
                specify1 = parameters[1];
                specify2 = parameters[2];
            }
            case CONFIGURE -> {
                configuration = parameters[2];
                precompTrack = parameters[3];
            }
            case PERPENDICULAR -> perpendicular = parameters[1];
            case SENSE_DRIVE -> result(driveStatus());
            case SENSE_INTERRUPT -> senseInterrupt();
            case RECALIBRATE -> startSeek(0);
            case SEEK -> startSeek(seekTarget());
            case VERSION -> result(0x90);
            case LOCK -> {
                locked = (parameters[0] & 0x80) != 0;
                result(locked ? 0x10 : 0);
            }
            case DUMPREG -> dumpRegisters();
            case READ, WRITE, READ_DELETED, WRITE_DELETED, READ_TRACK, VERIFY, READ_ID, FORMAT -> {
                phase = Phase.WAITING;
                waits = 0;
                timer.arm(platform.clock().nanos() + DATA_NANOS);
            }
            default -> result(INVALID);
        }
    }

    private void result(int... bytes) {
        for (int i = 0; i < bytes.length; i++) {
            fifo[i] = (byte) bytes[i];
        }
        position = 0;
        end = bytes.length;
        phase = Phase.RESULT;
    }

    private FloppyDrive selected() {
        return drives[parameters[1] & 3];
    }

    private int driveStatus() {
        FloppyDrive drive = selected();
        int select = parameters[1] & 7;
        if (drive == null) {
            return 0x28 | select;
        }
        boolean track0 = drive.cylinder() == 0;
        return 0x28 | select | (track0 ? 0x10 : 0) | (drive.writeProtected() ? 0x40 : 0);
    }

    private void dumpRegisters() {
        int[] at = new int[4];
        for (int i = 0; i < 4; i++) {
            at[i] = drives[i] == null ? 0 : drives[i].cylinder();
        }
        int perp = (locked ? 0x80 : 0) | perpendicular & 0x7f;
        result(
                at[0],
                at[1],
                at[2],
                at[3],
                specify1,
                specify2,
                parameters[6],
                perp,
                configuration,
                precompTrack);
    }

    // --- seeking

    private int seekTarget() {
        boolean relative = (parameters[0] & 0x80) != 0;
        FloppyDrive drive = selected();
        if (!relative || drive == null) {
            return parameters[2];
        }
        int distance = (parameters[0] & 0x40) != 0 ? parameters[2] : -parameters[2];
        return drive.cylinder() + distance;
    }

    private void startSeek(int cylinder) {
        int number = parameters[1] & 3;
        FloppyDrive drive = drives[number];
        boolean recalibrate = (parameters[0] & 0x1f) == RECALIBRATE;
        int select = recalibrate ? number : parameters[1] & 7;
        if (drive != null) {
            drive.seek(cylinder);
        }
        // Without a drive track 0 is never seen.
        boolean failed = drive == null && recalibrate;
        interrupts[number] = SEEK_END | select | (failed ? ABNORMAL | EQUIPMENT_CHECK : 0);
        seeking |= 1 << number;
        timer.arm(platform.clock().nanos() + SEEK_NANOS);
    }

    private void senseInterrupt() {
        acknowledge();
        for (int i = 0; i < 4; i++) {
            if (interrupts[i] >= 0 && (seeking & 1 << i) == 0) {
                int status = interrupts[i];
                interrupts[i] = -1;
                result(status, drives[i] == null ? 0 : drives[i].cylinder());
                return;
            }
        }
        result(INVALID);
    }

    /** A seek, a reset or the wait for a sector is over. */
    private void timeUp() {
        seeking = 0;
        if (phase == Phase.WAITING) {
            run();
        } else {
            interrupt();
        }
    }

    // --- commands with an execution phase

    private boolean byPio() {
        return (specify2 & 1) != 0;
    }

    private boolean isWrite() {
        int code = parameters[0] & 0x1f;
        return code == WRITE || code == WRITE_DELETED;
    }

    private void run() {
        int code = parameters[0] & 0x1f;
        head = code == READ_ID || code == FORMAT ? parameters[1] >>> 2 & 1 : parameters[3] & 1;
        side = head;
        sector = code == READ_TRACK ? 1 : parameters[4];
        if (code != READ_ID && code != VERIFY && !byPio() && dma.remaining() == 0) {
            awaitDma();
            return;
        }
        FloppyDrive drive = selected();
        FloppyDrive.Format format = drive == null ? null : drive.format();
        if (format == null || !readable(format) || head >= format.heads()) {
            finish(ABNORMAL, MISSING_MARK, 0);
        } else if (code == READ_ID) {
            readId(drive);
        } else if (code == FORMAT) {
            startFormat(drive);
        } else {
            startTransfer(drive);
        }
    }

    private boolean readable(FloppyDrive.Format format) {
        return rate == format.rate() || rate == format.otherRate();
    }

    private void awaitDma() {
        if (++waits < MAX_WAITS) {
            timer.arm(platform.clock().nanos() + WAIT_NANOS);
        } else {
            finish(ABNORMAL, OVERRUN, 0);
        }
    }

    private void readId(FloppyDrive drive) {
        parameters[2] = drive.cylinder();
        parameters[3] = head;
        parameters[5] = SECTOR_SIZE_CODE;
        sector = 1;
        finish(0, 0, 0);
    }

    private void startTransfer(FloppyDrive drive) {
        if ((configuration & IMPLIED_SEEK) != 0) {
            drive.seek(parameters[2]);
        }
        if (isWrite() && drive.writeProtected()) {
            finish(ABNORMAL, NOT_WRITABLE, 0);
            return;
        }
        boolean counts = (parameters[0] & 0x1f) == VERIFY && (parameters[1] & 0x80) != 0;
        left = counts ? (parameters[8] == 0 ? 256 : parameters[8]) : Integer.MAX_VALUE;
        if (byPio() && (parameters[0] & 0x1f) != VERIFY) {
            startHostSector();
        } else {
            moveSectors();
        }
    }

    /** Whether the sector that is next can be found; ends the command if not. */
    private boolean found(FloppyDrive drive) {
        side = head;
        FloppyDrive.Format f = drive == null ? null : drive.format();
        if (f == null) {
            finish(ABNORMAL, MISSING_MARK, 0);
            return false;
        }
        boolean elsewhere = parameters[2] != drive.cylinder();
        boolean there =
                sector >= 1
                        && sector <= f.sectors()
                        && head < f.heads()
                        && drive.cylinder() < f.cylinders()
                        && parameters[5] == SECTOR_SIZE_CODE;
        if (elsewhere || !there) {
            finish(ABNORMAL, NO_DATA, elsewhere ? WRONG_CYLINDER : 0);
        }
        return !elsewhere && there;
    }

    /** By DMA, or without data: sector after sector until terminal count or the last one. */
    private void moveSectors() {
        FloppyDrive drive = selected();
        while (found(drive)) {
            boolean terminal = false;
            if ((parameters[0] & 0x1f) == VERIFY) {
                terminal = --left == 0;
            } else {
                int before = dma.remaining();
                int moved = moveSector(drive);
                if (moved < 0) {
                    return;
                }
                terminal = moved >= before || moved < fifo.length;
            }
            if (nextSector(terminal)) {
                return;
            }
        }
    }

    /**
     * @return bytes, or -1 if the image failed and the command ended
     */
    private int moveSector(FloppyDrive drive) {
        if (isWrite()) {
            int moved = dma.fromMemory(fifo, 0, fifo.length);
            Arrays.fill(fifo, moved, fifo.length, (byte) 0);
            return store(drive) ? moved : -1;
        }
        return load(drive) ? dma.toMemory(fifo, 0, fifo.length) : -1;
    }

    private boolean load(FloppyDrive drive) {
        boolean good = drive.read(head, sector, fifo);
        if (!good) {
            finish(ABNORMAL, DATA_ERROR, DATA_ERROR);
        }
        return good;
    }

    private boolean store(FloppyDrive drive) {
        boolean good = drive.write(head, sector, fifo);
        if (!good) {
            finish(ABNORMAL, DATA_ERROR, DATA_ERROR);
        }
        return good;
    }

    /**
     * Steps to the next sector as 82077AA "Result Phase Table" has it.
     *
     * @param terminal whether terminal count came
     * @return whether that ended the command
     */
    private boolean nextSector(boolean terminal) {
        boolean last = sector >= parameters[6];
        boolean multiTrack = (parameters[0] & 0x80) != 0;
        boolean otherSide = last && multiTrack && head == 0;
        sector = last ? 1 : sector + 1;
        if (otherSide) {
            head = 1;
        } else if (last) {
            parameters[2] = parameters[2] + 1 & 0xff;
            head = multiTrack ? 0 : head;
        }
        if (terminal) {
            finish(0, 0, 0);
        } else if (last && !otherSide) {
            finish(ABNORMAL, END_OF_CYLINDER, 0);
        }
        return terminal || last && !otherSide;
    }

    // --- by PIO

    private void startHostSector() {
        FloppyDrive drive = selected();
        if (!found(drive)) {
            return;
        }
        if (!isWrite() && !load(drive)) {
            return;
        }
        position = 0;
        end = fifo.length;
        phase = isWrite() ? Phase.FROM_HOST : Phase.TO_HOST;
        interrupt();
    }

    private void hostSectorComplete() {
        FloppyDrive drive = selected();
        if ((parameters[0] & 0x1f) == FORMAT) {
            formatSectors(drive, end / 4);
        } else if (found(drive) && store(drive)) {
            sectorDone();
        }
    }

    private void sectorDone() {
        // Nobody gives a terminal count: the last sector ends the command, abnormally.
        if (!nextSector(false)) {
            startHostSector();
        }
    }

    // --- FORMAT TRACK

    private void startFormat(FloppyDrive drive) {
        int sectors = parameters[3];
        if (drive.writeProtected() || sectors == 0) {
            finish(ABNORMAL, drive.writeProtected() ? NOT_WRITABLE : NO_DATA, 0);
            return;
        }
        int bytes = Math.min(sectors * 4, fifo.length);
        if (byPio()) {
            position = 0;
            end = bytes;
            phase = Phase.FROM_HOST;
            interrupt();
        } else {
            formatSectors(drive, dma.fromMemory(fifo, 0, bytes) / 4);
        }
    }

    /** Fills the sectors whose identifications lie in the buffer: cylinder, head, sector, size. */
    private void formatSectors(FloppyDrive drive, int count) {
        FloppyDrive.Format format = drive.format();
        byte[] ids = Arrays.copyOf(fifo, count * 4);
        Arrays.fill(fifo, (byte) parameters[5]);
        for (int i = 0; i < count; i++) {
            sector = ids[i * 4 + 2] & 0xff;
            boolean fits =
                    format != null
                            && drive.cylinder() < format.cylinders()
                            && sector >= 1
                            && sector <= format.sectors()
                            && ids[i * 4 + 3] == SECTOR_SIZE_CODE;
            if (!fits) {
                finish(ABNORMAL, NO_DATA, 0);
                return;
            }
            if (!store(drive)) {
                return;
            }
        }
        finish(0, 0, 0);
    }

    /** The seven bytes that end a command with an execution phase, and its interrupt. */
    private void finish(int status0, int status1, int status2) {
        int select = parameters[1] & 3 | side << 2;
        result(
                status0 | select,
                status1,
                status2,
                parameters[2],
                head,
                sector & 0xff,
                SECTOR_SIZE_CODE);
        interrupt();
    }

    // --- life

    @Override
    public synchronized void reset() {
        locked = false;
        softReset();
        dor = tdr = 0;
        rate = KBPS_250_AT_RESET;
        precompTrack = specify1 = specify2 = perpendicular = 0;
        head = sector = 0;
        driveIrq();
    }

    @Override
    public synchronized State save() {
        int[] registers = {
            dor,
            tdr,
            rate,
            configuration,
            precompTrack,
            specify1,
            specify2,
            perpendicular,
            locked ? 1 : 0,
            irqPending ? 1 : 0,
            phase.ordinal(),
            parameterCount,
            position,
            end,
            waits,
            seeking,
            head,
            sector,
            left,
            side
        };
        return new State(
                registers,
                parameters.clone(),
                fifo.clone(),
                interrupts.clone(),
                drives[0] == null ? null : drives[0].save(),
                drives[1] == null ? null : drives[1].save());
    }

    @Override
    public synchronized void restore(Record state) {
        State s = States.as(State.class, state);
        int[] r = new int[20];
        States.copy(s.registers, r);
        States.copy(s.parameters, parameters);
        States.copy(s.fifo, fifo);
        States.copy(s.interrupts, interrupts);
        dor = r[0];
        tdr = r[1];
        rate = r[2] & 3;
        configuration = r[3];
        precompTrack = r[4];
        specify1 = r[5];
        specify2 = r[6];
        perpendicular = r[7];
        locked = r[8] != 0;
        irqPending = r[9] != 0;
        phase = Phase.values()[Math.clamp(r[10], 0, Phase.values().length - 1)];
        parameterCount = Math.clamp(r[11], 0, parameters.length - 1);
        end = Math.clamp(r[13], 1, fifo.length);
        position = Math.clamp(r[12], 0, end - 1);
        waits = r[14];
        seeking = r[15] & 0xf;
        head = r[16] & 1;
        sector = r[17] & 0xff;
        left = r[18];
        side = r[19] & 1;
        restore(drives[0], s.drive0);
        restore(drives[1], s.drive1);
        timer.cancel();
        if (phase == Phase.WAITING || seeking != 0) {
            timer.arm(platform.clock().nanos() + DATA_NANOS);
        }
        driveIrq();
    }

    private static void restore(FloppyDrive drive, Record state) {
        if ((drive == null) != (state == null)) {
            throw new IllegalArgumentException("the state has other drives");
        }
        if (drive != null) {
            drive.restore(States.as(FloppyDrive.State.class, state));
        }
    }

    @Override
    public void close() {
        timer.cancel();
        irq.lower();
    }

    /** Makes the board's floppy controller. */
    @Component(property = "device.model=floppy")
    public static final class Factory implements DeviceFactory {
        @Override
        public String model() {
            return "floppy";
        }

        @Override
        public String description() {
            return "82077AA floppy disk controller: drives floppy0 and floppy1";
        }

        @Override
        public I82077 create(Platform platform, DeviceOptions options) throws VmException {
            options.allow(Set.of());
            var floppy = new I82077(platform);
            platform.claimPorts("floppy", BASE, 6, floppy, floppy.new Registers());
            platform.claimPorts("floppy", DIR_CCR, 1, floppy, floppy.new ChangeAndRate());
            return floppy;
        }
    }
}
