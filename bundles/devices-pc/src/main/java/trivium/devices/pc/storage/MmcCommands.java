package trivium.devices.pc.storage;

import java.util.Arrays;

/**
 * The commands of a CD-ROM drive with a data disc of one track (SCSI MMC-3, SPC-2): answers go to
 * the drive's buffer, failures become sense data.
 */
final class MmcCommands {
    static final int DATA_BYTES = 2048, RAW_BYTES = 2352;
    static final int NOT_READY = 2, MEDIUM_ERROR = 3, ILLEGAL_REQUEST = 5, UNIT_ATTENTION = 6;
    static final int ABORTED_COMMAND = 0xb;
    private static final int NO_MEDIUM = 0x3a, INVALID_OPCODE = 0x20, OUT_OF_RANGE = 0x21;
    private static final int INVALID_FIELD = 0x24, MEDIUM_CHANGED = 0x28;
    private static final int REMOVAL_PREVENTED = 0x53;
    private static final int DATA_TRACK = 0x14, LEAD_OUT = 0xaa;
    private static final int CD_PROFILE = 0x08, DVD_PROFILE = 0x10;

    /** More than a CD holds is taken for a DVD: 80 minutes. */
    private static final long CD_SECTORS = 80 * 60 * 75;

    private final AtapiCd drive;
    private final byte[] out;
    private byte[] cdb = new byte[12];
    private int senseKey;
    private int asc;
    private int ascq;
    private boolean locked;
    private int generation;
    private boolean newMedia;

    MmcCommands(AtapiCd drive) {
        this.drive = drive;
        this.out = drive.buffer;
        generation = drive.backend.mediaGeneration();
    }

    void reset(boolean hard) {
        if (hard) {
            locked = false;
            generation = drive.backend.mediaGeneration();
        }
        senseKey = asc = ascq = 0;
    }

    void execute(byte[] packet) {
        cdb = packet;
        int code = packet[0] & 0xff;
        noticeChange();
        boolean always = code == 0x12 || code == 0x03 || code == 0x46 || code == 0x4a;
        if (!always && senseKey == UNIT_ATTENTION) {
            drive.checkCondition(UNIT_ATTENTION);
            return;
        }
        if (!always) {
            senseKey = asc = ascq = 0;
        }
        dispatch(code);
    }

    private void dispatch(int code) {
        switch (code) {
            case 0x00 -> withMedium(drive::done); // TEST UNIT READY
            case 0x03 -> requestSense();
            case 0x12 -> inquiry();
            case 0x1a -> modeSense(4, u8(4));
            case 0x5a -> modeSense(8, u16(7));
            case 0x1b -> startStop();
            case 0x1e -> preventAllow();
            case 0x25 -> withMedium(this::readCapacity);
            case 0x28 -> withMedium(() -> readSectors(u32(2), u16(7), false));
            case 0xa8 -> withMedium(() -> readSectors(u32(2), u32(6), false));
            case 0x2b -> withMedium(this::seek);
            case 0x42 -> withMedium(this::readSubchannel);
            case 0x43 -> withMedium(this::readToc);
            case 0x46 -> getConfiguration();
            case 0x4a -> getEvent();
            case 0x51 -> withMedium(this::readDiscInformation);
            case 0x52 -> withMedium(this::readTrackInformation);
            case 0xbb -> drive.done(); // SET CD SPEED
            case 0xbd -> mechanismStatus();
            case 0xbe -> withMedium(this::readCd);
            default -> fail(ILLEGAL_REQUEST, INVALID_OPCODE, 0);
        }
    }

    void fail(int key, int code, int qualifier) {
        senseKey = key;
        asc = code;
        ascq = qualifier;
        drive.checkCondition(key);
    }

    private void noticeChange() {
        int now = drive.backend.mediaGeneration();
        if (now != generation) {
            generation = now;
            newMedia = total() > 0;
            if (newMedia) {
                senseKey = UNIT_ATTENTION;
                asc = MEDIUM_CHANGED;
                ascq = 0;
            }
        }
    }

    private void withMedium(Runnable command) {
        if (total() == 0) {
            fail(NOT_READY, NO_MEDIUM, 0);
        } else {
            command.run();
        }
    }

    /** Sectors on the disc; 0 without one. */
    private long total() {
        return Math.min(drive.backend.sizeBytes() / DATA_BYTES, 0xffff_ffffL);
    }

    private int u8(int at) {
        return cdb[at] & 0xff;
    }

    private int u16(int at) {
        return u8(at) << 8 | u8(at + 1);
    }

    private long u32(int at) {
        return (long) u16(at) << 16 | u16(at + 2);
    }

    private void clear(int bytes) {
        Arrays.fill(out, 0, bytes, (byte) 0);
    }

    private int put(int at, int... octets) {
        for (int i = 0; i < octets.length; i++) {
            out[at + i] = (byte) octets[i];
        }
        return at + octets.length;
    }

    private int put32(int at, long value) {
        return put(
                at, (int) (value >>> 24), (int) (value >>> 16), (int) (value >>> 8), (int) value);
    }

    /** An address as MMC writes it: LBA, or minute, second and frame with two seconds added. */
    private int putAddress(int at, long lba, boolean msf) {
        if (!msf) {
            return put32(at, lba);
        }
        long frame = lba + 150;
        return put(at, 0, (int) (frame / 4500) & 0xff, (int) (frame / 75 % 60), (int) (frame % 75));
    }

    private void text(int at, int width, String text) {
        for (int i = 0; i < width; i++) {
            out[at + i] = (byte) (i < text.length() ? text.charAt(i) : ' ');
        }
    }

    // --- about the drive

    private void requestSense() {
        clear(18);
        put(0, 0x70, 0, senseKey, 0, 0, 0, 0, 10, 0, 0, 0, 0, asc, ascq);
        senseKey = asc = ascq = 0;
        drive.reply(18, u8(4));
    }

    private void inquiry() {
        if ((u8(1) & 3) != 0) { // no vital product data
            fail(ILLEGAL_REQUEST, INVALID_FIELD, 0);
            return;
        }
        clear(36);
        put(0, 5, 0x80, 0, 0x21, 31); // CD-ROM, removable, ATAPI
        text(8, 8, "TRIVIUM");
        text(16, 16, "CD-ROM");
        text(32, 4, "1.0");
        drive.reply(36, u16(3));
    }

    private void modeSense(int header, int allocation) {
        int page = u8(2) & 0x3f;
        if (u8(2) >>> 6 == 3) { // saved values
            fail(ILLEGAL_REQUEST, 0x39, 0);
            return;
        }
        clear(64);
        int at = header;
        if (page == 0x01 || page == 0x3f) {
            at = put(at, 0x01, 6, 0, 5, 0, 0, 0, 0); // error recovery: five retries
        }
        if (page == 0x2a || page == 0x3f) {
            at = capabilities(at);
        }
        if (at == header) {
            fail(ILLEGAL_REQUEST, INVALID_FIELD, 0);
            return;
        }
        int medium = total() == 0 ? 0x70 : 0x01;
        if (header == 8) {
            put(0, at - 2 >>> 8, at - 2, medium);
        } else {
            put(0, at - 1, medium);
        }
        drive.reply(at, allocation);
    }

    /** MMC-3 "CD Capabilities and Mechanical Status Page". */
    private int capabilities(int at) {
        int lock = 1 | 1 << 3 | 1 << 5 | (locked ? 2 : 0); // can lock, can eject, a tray
        return put(
                at, 0x2a, 18, 0x3b, 0, 0x70, 0x60, lock, 0, 0x02, 0xc2, 0, 2, 0x02, 0x00, 0x02,
                0xc2, 0, 0, 0, 0);
    }

    private void mechanismStatus() {
        clear(8);
        put(5, 1); // one slot
        drive.reply(8, u16(8));
    }

    private void startStop() {
        boolean loadOrEject = (u8(4) & 2) != 0;
        boolean start = (u8(4) & 1) != 0;
        if (loadOrEject && !start) {
            if (locked) {
                fail(total() == 0 ? NOT_READY : ILLEGAL_REQUEST, REMOVAL_PREVENTED, 2);
                return;
            }
            drive.backend.eject();
        }
        drive.done();
    }

    private void preventAllow() {
        locked = (u8(4) & 1) != 0;
        drive.done();
    }

    private int profile() {
        long sectors = total();
        return sectors == 0 ? 0 : sectors > CD_SECTORS ? DVD_PROFILE : CD_PROFILE;
    }

    /** MMC-3 "GET CONFIGURATION Command": profile list, core and removable medium features. */
    private void getConfiguration() {
        if ((u8(1) & 3) == 3) {
            fail(ILLEGAL_REQUEST, INVALID_FIELD, 0);
            return;
        }
        clear(64);
        int profile = profile();
        put(6, 0, profile);
        boolean all = (u8(1) & 3) != 2;
        int wanted = u16(2);
        int at = 8;
        if (wanted == 0) {
            at = put(at, 0, 0, 3, 8);
            at = put(at, 0, DVD_PROFILE, profile == DVD_PROFILE ? 1 : 0, 0);
            at = put(at, 0, CD_PROFILE, profile == CD_PROFILE ? 1 : 0, 0);
        }
        if (all ? wanted <= 1 : wanted == 1) {
            at = put(at, 0, 1, 0x0b, 8, 0, 0, 0, 2, 1, 0, 0, 0);
        }
        if (all ? wanted <= 3 : wanted == 3) {
            at = put(at, 0, 3, 3, 4, 0x29, 0, 0, 0);
        }
        put32(0, at - 4);
        drive.reply(at, u16(7));
    }

    /** MMC-3 "GET EVENT STATUS NOTIFICATION": polled, media class only. */
    private void getEvent() {
        if ((u8(1) & 1) == 0) {
            fail(ILLEGAL_REQUEST, INVALID_FIELD, 0);
            return;
        }
        clear(8);
        boolean media = (u8(4) & 0x10) != 0;
        if (media) {
            put(0, 0, 6, 4, 0x10, newMedia ? 2 : 0, total() > 0 ? 2 : 0);
            newMedia = false;
        } else {
            put(0, 0, 2, 0x80, 0x10); // no event of the classes asked for
        }
        drive.reply(media ? 8 : 4, u16(7));
    }

    // --- about the disc

    private void readCapacity() {
        put32(put32(0, total() - 1), DATA_BYTES);
        drive.reply(8, 8);
    }

    private void readToc() {
        boolean msf = (u8(1) & 2) != 0;
        int format = (u8(2) & 0xf) != 0 ? u8(2) & 0xf : u8(9) >>> 6;
        clear(64);
        int length =
                switch (format) {
                    case 0 -> toc(msf);
                    case 1 -> sessions(msf);
                    case 2 -> rawToc();
                    default -> 0;
                };
        if (length == 0) {
            fail(ILLEGAL_REQUEST, INVALID_FIELD, 0);
            return;
        }
        put(0, length - 2 >>> 8, length - 2, 1, 1);
        drive.reply(length, u16(7));
    }

    private int toc(boolean msf) {
        int start = u8(6);
        if (start > 1 && start != LEAD_OUT) {
            return 0;
        }
        int at = 4;
        if (start <= 1) {
            at = putAddress(put(at, 0, DATA_TRACK, 1, 0), 0, msf);
        }
        return putAddress(put(at, 0, DATA_TRACK, LEAD_OUT, 0), total(), msf);
    }

    private int sessions(boolean msf) {
        return putAddress(put(4, 0, DATA_TRACK, 1, 0), 0, msf);
    }

    /** Session, control, 0, point, three zeros, and the point's minute, second and frame. */
    private int rawToc() {
        int at = put(4, 1, DATA_TRACK, 0, 0xa0, 0, 0, 0, 0, 1, 0, 0);
        at = put(at, 1, DATA_TRACK, 0, 0xa1, 0, 0, 0, 0, 1, 0, 0);
        at = putAddress(put(at, 1, DATA_TRACK, 0, 0xa2, 0, 0, 0), total(), true);
        return putAddress(put(at, 1, DATA_TRACK, 0, 1, 0, 0, 0), 0, true);
    }

    private void readSubchannel() {
        clear(16);
        boolean position = (u8(2) & 0x40) != 0;
        put(1, 0x15); // no audio status
        if (position && u8(3) == 1) {
            put(3, 12);
            put(4, 1, DATA_TRACK, 1, 1);
            drive.reply(16, u16(7));
        } else if (position) {
            fail(ILLEGAL_REQUEST, INVALID_FIELD, 0);
        } else {
            drive.reply(4, u16(7));
        }
    }

    private void readDiscInformation() {
        if ((u8(1) & 7) != 0) {
            fail(ILLEGAL_REQUEST, INVALID_FIELD, 0);
            return;
        }
        clear(34);
        put(0, 0, 32, 0x0e, 1, 1, 1, 1, 0x20); // complete, one session, first and last track 1
        put32(16, -1);
        put32(20, -1);
        drive.reply(34, u16(7));
    }

    private void readTrackInformation() {
        clear(36);
        put(0, 0, 34, 1, 1, 0, 0x04, 0x01); // track 1 of session 1, data, mode 1
        put32(24, total());
        drive.reply(36, u16(7));
    }

    // --- sectors

    private void seek() {
        if (u32(2) >= total()) {
            fail(ILLEGAL_REQUEST, OUT_OF_RANGE, 0);
        } else {
            drive.done();
        }
    }

    private void readSectors(long lba, long count, boolean raw) {
        if (lba + count > total()) {
            fail(ILLEGAL_REQUEST, OUT_OF_RANGE, 0);
        } else if (count == 0) {
            drive.done();
        } else {
            drive.replySectors(lba, (int) Math.min(count, Integer.MAX_VALUE), raw);
        }
    }

    /** MMC-3 "READ CD Command": user data, or everything but subchannels. */
    private void readCd() {
        long count = u8(6) << 16 | u16(7);
        switch (u8(9) & 0xf8) {
            case 0x00 -> drive.done();
            case 0x10 -> readSectors(u32(2), count, false);
            case 0xf8 -> readSectors(u32(2), count, true);
            default -> fail(ILLEGAL_REQUEST, INVALID_FIELD, 0);
        }
    }

    /** What surrounds the 2048 bytes of a mode-1 sector; error correction is left empty. */
    static void rawFrame(byte[] into, int at, long lba) {
        Arrays.fill(into, at, at + RAW_BYTES, (byte) 0);
        Arrays.fill(into, at + 1, at + 11, (byte) 0xff);
        long frame = lba + 150;
        into[at + 12] = bcd(frame / 4500 % 100);
        into[at + 13] = bcd(frame / 75 % 60);
        into[at + 14] = bcd(frame % 75);
        into[at + 15] = 1;
    }

    private static byte bcd(long value) {
        return (byte) (value / 10 << 4 | value % 10);
    }

    // --- state

    int saveSense() {
        return senseKey << 16 | asc << 8 | ascq;
    }

    boolean locked() {
        return locked;
    }

    int generation() {
        return generation;
    }

    void restore(int sense, boolean lock, int mediaGeneration) {
        senseKey = sense >>> 16 & 0xf;
        asc = sense >>> 8 & 0xff;
        ascq = sense & 0xff;
        locked = lock;
        generation = mediaGeneration;
    }
}
