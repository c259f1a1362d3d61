package trivium.devices.pc.storage;

import java.util.Arrays;
import trivium.device.BlockBackend;

/**
 * An ATAPI CD-ROM drive: the PACKET command's phases (ATA/ATAPI-7 Vol. 1 "PACKET") over {@link
 * MmcCommands}, by PIO with the host's byte count limit or by DMA. Not modelled: audio, overlapped
 * commands.
 */
final class AtapiCd extends IdeDrive {
    private static final int PACKET_BYTES = 12;
    private static final int DMA_FEATURE = 1;

    /** Interrupt reason: command or data, to host. */
    private static final int COMMAND = 1, TO_HOST = 2;

    /** What the buffer holds while the host has it. */
    private enum Step {
        IDLE,
        PACKET,
        IDENTIFY,
        DATA
    }

    final MmcCommands mmc;
    private final int serial;
    private Step step = Step.IDLE;
    private boolean byDma;
    private int byteLimit;

    /** Data in the buffer that is still to be offered: [next, filled). */
    private int next;

    private int filled;

    // Sectors that are still to be read for the present command.
    private long lba;
    private int sectors;
    private boolean raw;

    AtapiCd(int index, BlockBackend backend, Cable cable) {
        super("ide" + index, backend, cable);
        serial = index;
        mmc = new MmcCommands(this);
    }

    @Override
    void command(int code) {
        if (code == 0x08) { // DEVICE RESET: no interrupt
            reset(false);
            return;
        }
        begin();
        step = Step.IDLE;
        status = DRDY;
        switch (code) {
            case 0xa0 -> packet();
            case 0xa1 -> identify();
            case 0xef -> setFeatures();
            case 0xe0, 0xe1, 0xe2, 0xe3, 0xe6, 0x94, 0x95, 0x96, 0x97, 0x99 -> succeed();
            case 0xe5, 0x98 -> {
                count = 0xff;
                succeed();
            }
            case 0xec, 0x20, 0x21 -> {
                // "IDENTIFY DEVICE": a packet device aborts it and shows what it is.
                signature();
                fail(ABRT);
            }
            default -> fail(ABRT);
        }
    }

    private void packet() {
        byDma = (features & DMA_FEATURE) != 0;
        int given = high << 8 | mid;
        // Odd limits round down; 0 and FFFF mean the most there can be.
        byteLimit = given == 0 || given == 0xffff ? 0xfffe : Math.max(2, given & ~1);
        step = Step.PACKET;
        transfer(Phase.FROM_HOST, 0, PACKET_BYTES);
        count = COMMAND;
        // No interrupt: the identify data says that DRQ comes within 50 µs.
    }

    @Override
    void bufferDone() {
        switch (step) {
            case PACKET -> mmc.execute(Arrays.copyOf(buffer, PACKET_BYTES));
            case DATA -> offer();
            default -> {
                step = Step.IDLE;
                status = DRDY | DSC;
            }
        }
    }

    // --- what commands end with

    /** No data, all well. */
    void done() {
        step = Step.IDLE;
        count = COMMAND | TO_HOST;
        succeed();
    }

    /**
     * @param senseKey shown in the error register; details wait for REQUEST SENSE
     */
    void checkCondition(int senseKey) {
        step = Step.IDLE;
        count = COMMAND | TO_HOST;
        fail(senseKey << 4 | (senseKey == MmcCommands.ILLEGAL_REQUEST ? ABRT : 0));
    }

    /** The first {@code bytes} of the buffer go to the host, but no more than it wants. */
    void reply(int bytes, int allocation) {
        sectors = 0;
        start(Math.min(bytes, allocation));
    }

    /**
     * Sectors go to the host.
     *
     * @param asRaw with sync, header and (empty) error correction: 2352 bytes each
     */
    void replySectors(long from, int howMany, boolean asRaw) {
        lba = from;
        sectors = howMany;
        raw = asRaw;
        start(0);
    }

    private void start(int bytes) {
        next = 0;
        filled = bytes;
        if (bytes == 0 && sectors == 0) {
            done();
            return;
        }
        step = Step.DATA;
        if (byDma) {
            count = TO_HOST;
            startDma();
        } else {
            offer();
        }
    }

    /** By PIO: the next piece, or the end. */
    private void offer() {
        if (next == filled && sectors > 0 && !fill()) {
            return;
        }
        int bytes = Math.min(filled - next, byteLimit);
        if (bytes == 0) {
            done();
            return;
        }
        transfer(Phase.TO_HOST, next, bytes);
        next += bytes;
        count = TO_HOST;
        mid = bytes & 0xff;
        high = bytes >>> 8;
        cable.interrupt();
    }

    /** Reads as many sectors as fit. */
    private boolean fill() {
        int sectorBytes = raw ? MmcCommands.RAW_BYTES : MmcCommands.DATA_BYTES;
        // A multiple of the usual limits, so that pieces are as large as the host asked for.
        int now = Math.min(sectors, raw ? BUFFER_BYTES / sectorBytes : 16);
        for (int i = 0; i < now; i++) {
            int at = i * sectorBytes;
            if (raw) {
                MmcCommands.rawFrame(buffer, at, lba + i);
            }
            int length = raw ? MmcCommands.DATA_BYTES : now * MmcCommands.DATA_BYTES;
            if (!read((lba + i) * MmcCommands.DATA_BYTES, at + (raw ? 16 : 0), length)) {
                mmc.fail(MmcCommands.MEDIUM_ERROR, 0x11, 0);
                return false;
            }
            if (!raw) {
                break; // all at once
            }
        }
        lba += now;
        sectors -= now;
        next = 0;
        filled = now * sectorBytes;
        return true;
    }

    @Override
    void runDma() {
        BusMaster master = cable.busMaster();
        if (!master.directionIs(true)) {
            master.fail(true);
            mmc.fail(MmcCommands.ABORTED_COMMAND, 0, 0);
            return;
        }
        while (next < filled || sectors > 0) {
            if (next == filled && !fill()) {
                master.fail(true);
                return;
            }
            int bytes = filled - next;
            if (master.toMemory(buffer, next, bytes) < bytes) {
                master.fail(false);
                phase = Phase.NONE;
                step = Step.IDLE;
                status = DRDY | DSC;
                return;
            }
            next = filled;
        }
        master.finish();
        done();
    }

    private void identify() {
        var id = new IdentifyData(buffer);
        id.word(0, 2 << 14 | 5 << 8 | 1 << 7 | 2 << 5);
        id.text(10, 10, "TV%05d".formatted(serial + 1)).word(20, 3).word(21, 512).word(22, 4);
        id.text(23, 4, "1.0").text(27, 20, "TRIVIUM CD-ROM");
        id.word(48, 1).word(49, 1 << 11 | 1 << 9 | 1 << 8);
        id.word(53, 7).word(63, multiwordModes()).word(64, 3);
        id.word(65, 120).word(66, 120).word(67, 120).word(68, 120).word(71, 30).word(72, 30);
        id.word(80, 0xf0).word(82, 1 << 14 | 1 << 9 | 1 << 4).word(83, 1 << 14);
        id.word(84, 1 << 14).word(85, 1 << 14 | 1 << 9 | 1 << 4).word(87, 1 << 14);
        id.word(88, ultraModes()).word(93, 0x6001);
        id.seal();
        step = Step.IDENTIFY;
        transfer(Phase.TO_HOST, 0, SECTOR_BYTES);
        cable.interrupt();
    }

    @Override
    void signature() {
        count = low = 1;
        mid = 0x14;
        high = 0xeb;
        device = 0;
        status = 0;
    }

    @Override
    void reset(boolean hard) {
        super.reset(hard);
        step = Step.IDLE;
        sectors = 0;
        mmc.reset(hard);
    }

    @Override
    long[] saveCommand() {
        return new long[] {
            step.ordinal(),
            byDma ? 1 : 0,
            byteLimit,
            next,
            filled,
            lba,
            sectors,
            raw ? 1 : 0,
            mmc.saveSense(),
            mmc.locked() ? 1 : 0,
            mmc.generation()
        };
    }

    @Override
    void restoreCommand(long[] c) {
        if (c.length != 11) {
            throw new IllegalArgumentException("CD state of " + c.length + " values");
        }
        step = Step.values()[(int) c[0] & 3];
        byDma = c[1] != 0;
        byteLimit = Math.clamp(c[2], 2, 0xfffe);
        filled = Math.clamp(c[4], 0, BUFFER_BYTES);
        next = Math.clamp(c[3], 0, filled);
        lba = Math.clamp(c[5], 0L, 1L << 32);
        sectors = Math.clamp(c[6], 0, Integer.MAX_VALUE);
        raw = c[7] != 0;
        mmc.restore((int) c[8], c[9] != 0, (int) c[10]);
    }
}
