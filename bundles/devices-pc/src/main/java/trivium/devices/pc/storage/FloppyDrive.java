package trivium.devices.pc.storage;

import java.io.IOException;
import java.util.Arrays;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import trivium.device.BlockBackend;

/**
 * A floppy drive and what is in it. The format follows from the image's size; sectors have 512
 * bytes and are numbered from 1 on each track, as PC formats do.
 */
final class FloppyDrive {
    static final int SECTOR_BYTES = 512;

    /** Data rate codes of CCR and DSR. */
    private static final int KBPS_500 = 0, KBPS_300 = 1, KBPS_250 = 2, KBPS_1000 = 3;

    private static final int MAX_COMPLAINTS = 20;
    private static final Logger LOG = LoggerFactory.getLogger(FloppyDrive.class);

    /** A format, and the data rates that read it. */
    record Format(int cylinders, int heads, int sectors, int rate, int otherRate) {
        int bytes() {
            return cylinders * heads * sectors * SECTOR_BYTES;
        }
    }

    private static final Format[] FORMATS = {
        new Format(40, 1, 8, KBPS_250, KBPS_300), // 160 KiB
        new Format(40, 1, 9, KBPS_250, KBPS_300), // 180 KiB
        new Format(40, 2, 8, KBPS_250, KBPS_300), // 320 KiB
        new Format(40, 2, 9, KBPS_250, KBPS_300), // 360 KiB
        new Format(80, 2, 9, KBPS_250, KBPS_300), // 720 KiB
        new Format(80, 2, 15, KBPS_500, KBPS_500), // 1.2 MiB
        new Format(80, 2, 18, KBPS_500, KBPS_500), // 1.44 "MB"
        new Format(80, 2, 20, KBPS_500, KBPS_500), // 1.6 "MB"
        new Format(80, 2, 21, KBPS_500, KBPS_500), // 1.68 "MB": DMF
        new Format(82, 2, 21, KBPS_500, KBPS_500), // 1.72 "MB"
        new Format(80, 2, 36, KBPS_1000, KBPS_1000), // 2.88 "MB"
    };

    /**
     * @param cylinder where the heads stand
     * @param changed the disk change line
     * @param generation the medium it saw last
     */
    record State(int cylinder, boolean changed, int generation) {}

    private final String name;
    private final BlockBackend backend;
    private int cylinder;
    private boolean changed = true;
    private int generation;
    private int complaints;

    FloppyDrive(String name, BlockBackend backend) {
        this.name = name;
        this.backend = backend;
        generation = backend.mediaGeneration();
    }

    /** The format for an image of this size: a smaller one counts as a disk half written. */
    static Optional<Format> formatOf(long sizeBytes) {
        for (Format format : FORMATS) {
            if (format.bytes() == sizeBytes) {
                return Optional.of(format);
            }
        }
        for (int standard : new int[] {4, 6, 10}) {
            if (sizeBytes > 0 && sizeBytes < FORMATS[standard].bytes()) {
                return Optional.of(FORMATS[standard]);
            }
        }
        return Optional.empty();
    }

    /** What is in the drive; null if nothing readable is. */
    Format format() {
        if (backend.mediaGeneration() != generation) {
            generation = backend.mediaGeneration();
            changed = true;
        }
        return formatOf(backend.sizeBytes()).orElse(null);
    }

    boolean writeProtected() {
        return backend.readOnly();
    }

    /** The disk change line: up until a step with a disk in the drive. */
    boolean changed() {
        return format() == null || changed;
    }

    int cylinder() {
        return cylinder;
    }

    /** Moves the heads, as far as they go. */
    void seek(int to) {
        cylinder = Math.clamp(to, 0, 82);
        if (format() != null) {
            changed = false;
        }
    }

    private static long offset(Format f, int cylinder, int head, int sector) {
        return ((long) (cylinder * f.heads + head) * f.sectors + sector - 1) * SECTOR_BYTES;
    }

    /** Reads a sector of the present cylinder; what lies behind the image's end is zeros. */
    boolean read(int head, int sector, byte[] into) {
        Format f = format();
        if (f == null) {
            return false; // taken out this moment
        }
        long offset = offset(f, cylinder, head, sector);
        int have = Math.clamp(backend.sizeBytes() - offset, 0, SECTOR_BYTES);
        Arrays.fill(into, have, SECTOR_BYTES, (byte) 0);
        try {
            if (have > 0) {
                backend.read(offset, into, 0, have);
            }
            return true;
        } catch (IOException e) {
            return complain("read", offset, e);
        }
    }

    boolean write(int head, int sector, byte[] from) {
        Format f = format();
        long offset = f == null ? Long.MAX_VALUE / 2 : offset(f, cylinder, head, sector);
        if (offset + SECTOR_BYTES > backend.sizeBytes()) {
            return false;
        }
        try {
            backend.write(offset, from, 0, SECTOR_BYTES);
            return true;
        } catch (IOException e) {
            return complain("write", offset, e);
        }
    }

    /** Only so often: a guest may try for ever. */
    private boolean complain(String what, long offset, IOException e) {
        if (complaints++ < MAX_COMPLAINTS) {
            LOG.warn("{}: cannot {} at {}: {}", name, what, offset, e.toString());
        }
        return false;
    }

    State save() {
        return new State(cylinder, changed, generation);
    }

    void restore(State s) {
        cylinder = Math.clamp(s.cylinder, 0, 82);
        changed = s.changed;
        generation = s.generation;
    }
}
