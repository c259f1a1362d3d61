package trivium.devices.pc.storage;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import trivium.device.BlockBackend;
import trivium.devices.pc.States;

/**
 * What every IDE drive has (ATA/ATAPI-7 Vol. 1): the task file, a buffer through which PIO data
 * goes, and the phases of a command. Commands end before the write that started them does, since
 * back ends are synchronous.
 */
abstract class IdeDrive {
    static final int ERR = 0x01, DRQ = 0x08, DSC = 0x10, DF = 0x20, DRDY = 0x40, BSY = 0x80;
    static final int ABRT = 0x04, IDNF = 0x10, UNC = 0x40;
    static final int SECTOR_BYTES = 512;
    static final int BUFFER_BYTES = 65_536;
    private static final int MAX_COMPLAINTS = 20;
    private static final Logger LOG = LoggerFactory.getLogger(IdeDrive.class);
    private static final VarHandle SHORT =
            MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INT =
            MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    /** What the buffer is for at the moment. */
    enum Phase {
        NONE,
        TO_HOST,
        FROM_HOST,
        DMA
    }

    /**
     * @param registers the task file and the position in the buffer
     * @param buffer what of the buffer matters
     * @param command what the present command still has to do
     */
    record State(int[] registers, byte[] buffer, long[] command) {}

    /** The cable: interrupts go there. */
    interface Cable {
        void interrupt();

        BusMaster busMaster();
    }

    private int complaints;
    final BlockBackend backend;
    final Cable cable;
    final String name;

    int error;
    int features;
    int count;
    int low;
    int mid;
    int high;
    int device;
    int status;

    /** High order bytes: what the registers held before they were last written. */
    int featuresHob;

    int countHob;
    int lowHob;
    int midHob;
    int highHob;

    final byte[] buffer = new byte[BUFFER_BYTES];
    int position;
    int end;
    Phase phase = Phase.NONE;

    /** Set by SET FEATURES, told by IDENTIFY: as encoded there, subcommand 03h. */
    int transferMode = 0x45;

    IdeDrive(String name, BlockBackend backend, Cable cable) {
        this.name = name;
        this.backend = backend;
        this.cable = cable;
    }

    abstract void command(int code);

    /** The host took all that was in the buffer, or filled it. */
    abstract void bufferDone();

    /** Moves the data of a command whose phase is DMA; the bus master runs. */
    abstract void runDma();

    /** What a drive shows after reset to say what it is; also puts parameters back. */
    abstract void signature();

    abstract long[] saveCommand();

    abstract void restoreCommand(long[] command);

    /**
     * Power-on, hardware and software reset.
     *
     * @param hard whether features go back, too
     */
    void reset(boolean hard) {
        if (hard) {
            transferMode = 0x45;
        }
        features = featuresHob = countHob = lowHob = midHob = highHob = 0;
        error = 1; // diagnostics passed
        position = end = 0;
        phase = Phase.NONE;
        signature();
    }

    // --- the data register

    int readData(int size) {
        if (phase != Phase.TO_HOST || position + size > end) {
            return phase == Phase.TO_HOST ? readTail(size) : 0;
        }
        int value =
                switch (size) {
                    case 1 -> buffer[position] & 0xff;
                    case 2 -> (short) SHORT.get(buffer, position) & 0xffff;
                    default -> (int) INT.get(buffer, position);
                };
        advance(size);
        return value;
    }

    /** The last bytes of a buffer, by a wider access than they are many. */
    private int readTail(int size) {
        int value = 0;
        for (int i = 0; i < size && position < end; i++) {
            value |= (buffer[position++] & 0xff) << 8 * i;
        }
        advance(0);
        return value;
    }

    void writeData(int size, int value) {
        if (phase != Phase.FROM_HOST) {
            return;
        }
        for (int i = 0; i < size && position < end; i++) {
            buffer[position++] = (byte) (value >>> 8 * i);
        }
        advance(0);
    }

    private void advance(int size) {
        position += size;
        if (position >= end) {
            phase = Phase.NONE;
            bufferDone();
        }
    }

    // --- ends of commands

    final void begin() {
        error = 0;
        status = DRDY | DSC;
        phase = Phase.NONE;
        position = end = 0;
    }

    /** Asks the host for, or offers it, {@code bytes} of the buffer from {@code at}. */
    final void transfer(Phase direction, int at, int bytes) {
        phase = direction;
        position = at;
        end = at + bytes;
        status = DRDY | DSC | DRQ;
    }

    final void succeed() {
        phase = Phase.NONE;
        status = DRDY | DSC;
        cable.interrupt();
    }

    final void fail(int errorBits) {
        phase = Phase.NONE;
        error = errorBits;
        status = DRDY | DSC | ERR;
        cable.interrupt();
    }

    final void startDma() {
        phase = Phase.DMA;
        status = DRDY | DSC | DRQ;
        if (cable.busMaster().started()) {
            runDma();
        }
    }

    final boolean read(long offset, int at, int length) {
        try {
            backend.read(offset, buffer, at, length);
            return true;
        } catch (IOException e) {
            return complain("read %d bytes at %d".formatted(length, offset), e);
        }
    }

    final boolean write(long offset, int at, int length) {
        try {
            backend.write(offset, buffer, at, length);
            return true;
        } catch (IOException e) {
            return complain("write %d bytes at %d".formatted(length, offset), e);
        }
    }

    final boolean flush() {
        try {
            backend.flush();
            return true;
        } catch (IOException e) {
            return complain("flush", e);
        }
    }

    /** Only so often: a guest may try for ever. */
    private boolean complain(String what, IOException e) {
        if (complaints++ < MAX_COMPLAINTS) {
            LOG.warn("{}: cannot {}: {}", name, what, e.toString());
        }
        return false;
    }

    // --- SET FEATURES, the same for disks and CDs

    final void setFeatures() {
        boolean known =
                switch (features) {
                    case 0x02, 0x82, 0x55, 0xaa, 0x66, 0xcc, 0x05, 0x85, 0x42, 0xc2 -> true;
                    case 0x03 -> setTransferMode();
                    default -> false;
                };
        if (known) {
            succeed();
        } else {
            fail(ABRT);
        }
    }

    private boolean setTransferMode() {
        int number = count & 7;
        boolean valid =
                switch (count >>> 3) {
                    case 0 -> number <= 1;
                    case 1 -> number <= 4;
                    case 4 -> number <= 2;
                    case 8 -> number <= 5;
                    default -> false;
                };
        transferMode = valid ? count : transferMode;
        return valid;
    }

    /** IDENTIFY words 63 and 88: modes supported, and the one selected. */
    final int multiwordModes() {
        return 0x07 | (transferMode >>> 3 == 4 ? 0x100 << (transferMode & 7) : 0);
    }

    final int ultraModes() {
        return 0x3f | (transferMode >>> 3 == 8 ? 0x100 << (transferMode & 7) : 0);
    }

    // --- state

    final State save() {
        int[] registers = {
            error,
            features,
            count,
            low,
            mid,
            high,
            device,
            status,
            featuresHob,
            countHob,
            lowHob,
            midHob,
            highHob,
            position,
            end,
            phase.ordinal(),
            transferMode
        };
        byte[] held = phase == Phase.NONE ? new byte[0] : buffer.clone();
        return new State(registers, held, saveCommand());
    }

    final void restore(State s) {
        int[] r = new int[17];
        States.copy(s.registers, r);
        error = r[0] & 0xff;
        features = r[1] & 0xff;
        count = r[2] & 0xff;
        low = r[3] & 0xff;
        mid = r[4] & 0xff;
        high = r[5] & 0xff;
        device = r[6] & 0xff;
        status = r[7] & 0xff;
        featuresHob = r[8] & 0xff;
        countHob = r[9] & 0xff;
        lowHob = r[10] & 0xff;
        midHob = r[11] & 0xff;
        highHob = r[12] & 0xff;
        end = Math.clamp(r[14], 0, BUFFER_BYTES);
        position = Math.clamp(r[13], 0, end);
        phase = Phase.values()[r[15] & 3];
        transferMode = r[16] & 0xff;
        if (s.buffer.length > BUFFER_BYTES) {
            throw new IllegalArgumentException("buffer of " + s.buffer.length + " bytes");
        }
        System.arraycopy(s.buffer, 0, buffer, 0, s.buffer.length);
        restoreCommand(s.command);
    }
}
