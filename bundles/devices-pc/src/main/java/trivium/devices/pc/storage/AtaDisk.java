package trivium.devices.pc.storage;

import trivium.device.BlockBackend;

/**
 * An ATA hard disk (ATA/ATAPI-7 Vol. 1 "Command descriptions"): CHS, 28 and 48-bit LBA; PIO,
 * multiple and DMA transfers. Not modelled: SMART, security, host protected areas, queued commands,
 * standby timers.
 */
final class AtaDisk extends IdeDrive {
    private static final int MAX_MULTIPLE = 16;
    private static final int LBA_MODE = 0x40;
    private static final long LBA28_SECTORS = 0xfff_ffff;
    private static final int HEADS = 16, SECTORS_PER_TRACK = 63, MAX_CYLINDERS = 16_383;
    private static final int DMA_SECTORS = BUFFER_BYTES / SECTOR_BYTES;

    private final long sectors;
    private final int serial;

    /** As INITIALIZE DEVICE PARAMETERS set them. */
    private int heads = HEADS;

    private int sectorsPerTrack = SECTORS_PER_TRACK;
    private int multiple = MAX_MULTIPLE;

    // What the present command still has to do.
    private long lba;
    private int remaining;
    private int block;
    private boolean writing;
    private boolean extended;
    private boolean reply;

    /**
     * @param index of the drive on the controller, for its serial number
     */
    AtaDisk(int index, BlockBackend backend, Cable cable) {
        super("ide" + index, backend, cable);
        serial = index;
        sectors = Math.min(backend.sizeBytes() / SECTOR_BYTES, (1L << 48) - 1);
    }

    @Override
    void command(int code) {
        begin();
        reply = false;
        switch (code) {
            case 0x20, 0x21 -> pio(false, false, 1);
            case 0x24 -> pio(false, true, 1);
            case 0x30, 0x31 -> pio(true, false, 1);
            case 0x34 -> pio(true, true, 1);
            case 0xc4 -> pio(false, false, multiple);
            case 0x29 -> pio(false, true, multiple);
            case 0xc5 -> pio(true, false, multiple);
            case 0x39, 0xce -> pio(true, true, multiple);
            case 0xc8, 0xc9 -> dma(false, false);
            case 0x25 -> dma(false, true);
            case 0xca, 0xcb -> dma(true, false);
            case 0x35, 0x3d -> dma(true, true);
            case 0x40, 0x41 -> verify(false);
            case 0x42 -> verify(true);
            case 0x70 -> seek();
            case 0x10 -> succeed(); // RECALIBRATE
            case 0x91 -> initializeParameters();
            case 0xc6 -> setMultiple();
            case 0xec -> identify();
            case 0xef -> setFeatures();
            case 0xe7, 0xea -> flushCache();
            case 0xf8 -> nativeMax(false);
            case 0x27 -> nativeMax(true);
            case 0xe0, 0xe1, 0xe2, 0xe3, 0xe6, 0x94, 0x95, 0x96, 0x97, 0x99 -> succeed();
            case 0xe5, 0x98 -> {
                count = 0xff; // CHECK POWER MODE: active or idle
                succeed();
            }
            default -> fail(ABRT);
        }
    }

    // --- addresses

    /** Takes address and count from the task file. */
    private boolean address(boolean ext) {
        extended = ext;
        lba = ext ? lba48() : (device & LBA_MODE) != 0 ? lba28() : fromChs();
        int given = ext ? countHob << 8 | count : count;
        remaining = given != 0 ? given : ext ? 65_536 : 256;
        return lba >= 0 && lba + remaining <= sectors;
    }

    private long lba28() {
        return (device & 0xfL) << 24 | high << 16 | mid << 8 | low;
    }

    private long lba48() {
        long upper = highHob << 16 | midHob << 8 | lowHob;
        return upper << 24 | high << 16 | mid << 8 | low;
    }

    /** {@code -1} if there is no such sector. */
    private long fromChs() {
        int head = device & 0xf;
        if (low == 0 || low > sectorsPerTrack || head >= heads) {
            return -1;
        }
        return ((high << 8 | mid) * (long) heads + head) * sectorsPerTrack + low - 1;
    }

    /** Shows a sector's address in the task file, in the form the command used. */
    private void show(long sector) {
        if (!extended && (device & LBA_MODE) == 0) {
            long track = sector / sectorsPerTrack;
            low = (int) (sector % sectorsPerTrack) + 1;
            device = device & 0xf0 | (int) (track % heads) & 0xf;
            mid = (int) (track / heads) & 0xff;
            high = (int) (track / heads >>> 8) & 0xff;
            return;
        }
        low = (int) sector & 0xff;
        mid = (int) (sector >>> 8) & 0xff;
        high = (int) (sector >>> 16) & 0xff;
        if (extended) {
            lowHob = (int) (sector >>> 24) & 0xff;
            midHob = (int) (sector >>> 32) & 0xff;
            highHob = (int) (sector >>> 40) & 0xff;
        } else {
            device = device & 0xf0 | (int) (sector >>> 24) & 0xf;
        }
    }

    private void moved(int count) {
        lba += count;
        remaining -= count;
    }

    private void failAt(long sector, int errorBits) {
        show(sector);
        fail(errorBits);
    }

    // --- reading and writing

    private void pio(boolean write, boolean ext, int sectorsPerBlock) {
        if (sectorsPerBlock == 0 || write && backend.readOnly()) {
            fail(ABRT);
            return;
        }
        if (!address(ext)) {
            fail(IDNF);
            return;
        }
        writing = write;
        block = sectorsPerBlock;
        if (write) {
            expectBlock();
        } else {
            offerBlock();
        }
    }

    private int blockBytes() {
        return Math.min(block, remaining) * SECTOR_BYTES;
    }

    private void offerBlock() {
        int bytes = blockBytes();
        if (!read(lba * SECTOR_BYTES, 0, bytes)) {
            failAt(lba, UNC);
            return;
        }
        moved(bytes / SECTOR_BYTES);
        transfer(Phase.TO_HOST, 0, bytes);
        cable.interrupt();
    }

    private void expectBlock() {
        transfer(Phase.FROM_HOST, 0, blockBytes());
    }

    @Override
    void bufferDone() {
        if (reply) {
            status = DRDY | DSC;
        } else if (writing) {
            storeBlock();
        } else if (remaining > 0) {
            offerBlock();
        } else {
            show(lba - 1);
            status = DRDY | DSC;
        }
    }

    private void storeBlock() {
        if (!write(lba * SECTOR_BYTES, 0, end)) {
            failAt(lba, ABRT);
            return;
        }
        moved(end / SECTOR_BYTES);
        if (remaining > 0) {
            expectBlock();
            cable.interrupt();
        } else {
            show(lba - 1);
            succeed();
        }
    }

    private void dma(boolean write, boolean ext) {
        if (write && backend.readOnly()) {
            fail(ABRT);
        } else if (!address(ext)) {
            fail(IDNF);
        } else {
            writing = write;
            startDma();
        }
    }

    @Override
    void runDma() {
        BusMaster master = cable.busMaster();
        if (!master.directionIs(!writing)) {
            master.fail(true);
            fail(ABRT);
            return;
        }
        while (remaining > 0) {
            int bytes = Math.min(remaining, DMA_SECTORS) * SECTOR_BYTES;
            if (!(writing ? dmaOut(master, bytes) : dmaIn(master, bytes))) {
                return;
            }
            moved(bytes / SECTOR_BYTES);
        }
        show(lba - 1);
        master.finish();
        succeed();
    }

    private boolean dmaIn(BusMaster master, int bytes) {
        if (!read(lba * SECTOR_BYTES, 0, bytes)) {
            master.fail(true);
            failAt(lba, UNC);
            return false;
        }
        return master.toMemory(buffer, 0, bytes) == bytes || tableTooShort(master);
    }

    private boolean dmaOut(BusMaster master, int bytes) {
        int got = master.fromMemory(buffer, 0, bytes);
        int whole = got & -SECTOR_BYTES;
        if (whole > 0 && !write(lba * SECTOR_BYTES, 0, whole)) {
            master.fail(true);
            failAt(lba, ABRT);
            return false;
        }
        return got == bytes || tableTooShort(master);
    }

    /** 82371SB "Bus Master IDE Status", interrupt and active both 0: the guest must find out. */
    private boolean tableTooShort(BusMaster master) {
        master.fail(false);
        phase = Phase.NONE;
        status = DRDY | DSC;
        return false;
    }

    private void verify(boolean ext) {
        if (address(ext)) {
            show(lba + remaining - 1);
            succeed();
        } else {
            fail(IDNF);
        }
    }

    private void seek() {
        count = 1;
        if (address(false)) {
            succeed();
        } else {
            fail(IDNF);
        }
    }

    private void flushCache() {
        if (flush()) {
            succeed();
        } else {
            fail(ABRT);
        }
    }

    // --- parameters

    private void initializeParameters() {
        if (count == 0) {
            fail(ABRT);
            return;
        }
        heads = (device & 0xf) + 1;
        sectorsPerTrack = count;
        succeed();
    }

    private void setMultiple() {
        if (count > MAX_MULTIPLE || Integer.bitCount(count) > 1) {
            fail(ABRT);
            return;
        }
        multiple = count;
        succeed();
    }

    private void nativeMax(boolean ext) {
        if ((device & LBA_MODE) == 0) {
            fail(ABRT);
            return;
        }
        extended = ext;
        show(ext ? sectors - 1 : Math.min(sectors - 1, LBA28_SECTORS - 1));
        succeed();
    }

    private static int cylinders(long sectors, int heads, int sectorsPerTrack) {
        return (int) Math.min(sectors / (heads * sectorsPerTrack), MAX_CYLINDERS);
    }

    private void identify() {
        int current = cylinders(sectors, heads, sectorsPerTrack);
        var id = new IdentifyData(buffer);
        id.word(0, 0x0040).word(1, cylinders(sectors, HEADS, SECTORS_PER_TRACK));
        id.word(3, HEADS).word(4, 512 * SECTORS_PER_TRACK).word(5, 512).word(6, SECTORS_PER_TRACK);
        id.text(10, 10, "TV%05d".formatted(serial + 1)).word(20, 3).word(21, 512).word(22, 4);
        id.text(23, 4, "1.0").text(27, 20, "TRIVIUM HARDDISK");
        id.word(47, 0x8000 | MAX_MULTIPLE).word(48, 1);
        id.word(49, 1 << 11 | 1 << 9 | 1 << 8).word(50, 1 << 14); // IORDY, LBA, DMA
        id.word(51, 0x200).word(52, 0x200).word(53, 7);
        id.word(54, current).word(55, heads).word(56, sectorsPerTrack);
        id.dword(57, (long) current * heads * sectorsPerTrack);
        id.word(59, multiple == 0 ? 0 : 0x100 | multiple);
        id.dword(60, Math.min(sectors, LBA28_SECTORS));
        id.word(63, multiwordModes()).word(64, 3);
        id.word(65, 120).word(66, 120).word(67, 120).word(68, 120);
        id.word(80, 0xf0).word(81, 0x16); // ATA-4 to ATA-7
        id.word(82, 1 << 5 | 1 << 3).word(83, 1 << 14 | 1 << 13 | 1 << 12 | 1 << 10);
        id.word(84, 1 << 14).word(85, 1 << 5 | 1 << 3);
        id.word(86, 1 << 13 | 1 << 12 | 1 << 10).word(87, 1 << 14);
        id.word(88, ultraModes()).word(93, 0x6001);
        id.dword(100, sectors).dword(102, sectors >>> 32);
        id.seal();
        reply = true;
        transfer(Phase.TO_HOST, 0, SECTOR_BYTES);
        cable.interrupt();
    }

    @Override
    void signature() {
        count = low = 1;
        mid = high = 0;
        device = 0;
        status = DRDY | DSC;
    }

    @Override
    void reset(boolean hard) {
        super.reset(hard);
        if (hard) {
            heads = HEADS;
            sectorsPerTrack = SECTORS_PER_TRACK;
            multiple = MAX_MULTIPLE;
        }
    }

    @Override
    long[] saveCommand() {
        return new long[] {
            heads,
            sectorsPerTrack,
            multiple,
            lba,
            remaining,
            block,
            writing ? 1 : 0,
            extended ? 1 : 0,
            reply ? 1 : 0
        };
    }

    @Override
    void restoreCommand(long[] c) {
        if (c.length != 9) {
            throw new IllegalArgumentException("disk state of " + c.length + " values");
        }
        heads = Math.clamp(c[0], 1, 16);
        sectorsPerTrack = Math.clamp(c[1], 1, 255);
        multiple = Math.clamp(c[2], 0, MAX_MULTIPLE);
        lba = Math.clamp(c[3], 0L, sectors);
        remaining = (int) Math.clamp(c[4], 0L, Math.min(65_536, sectors - lba));
        block = Math.clamp(c[5], 1, MAX_MULTIPLE);
        writing = c[6] != 0;
        extended = c[7] != 0;
        reply = c[8] != 0;
    }
}
