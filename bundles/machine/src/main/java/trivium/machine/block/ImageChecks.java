package trivium.machine.block;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import trivium.vm.VmConfig.BlockKind;

/** What an image must be before a guest sees it. */
final class ImageChecks {
    private static final int SECTOR_BYTES = 512, CD_SECTOR_BYTES = 2048;
    private static final long MOST_FLOPPY_BYTES = 2_949_120;
    private static final byte[][] FOREIGN = {
        {'Q', 'F', 'I', (byte) 0xfb}, {'K', 'D', 'M', 'V'}, {'v', 'h', 'd', 'x'},
    };
    private static final String[] FOREIGN_NAMES = {"qcow2", "VMDK", "VHDX"};
    private static final int VOLUME_DESCRIPTOR = 16 * CD_SECTOR_BYTES, VOLUME_SIZE = 80;

    private ImageChecks() {}

    /**
     * @return what is wrong, or null
     */
    static String fault(RawImage image, BlockKind kind) throws IOException {
        if (image.sizeBytes() == 0) {
            return "is empty";
        }
        if (image.sizeBytes() % SECTOR_BYTES != 0) {
            return "has %d bytes, which is no whole number of 512-byte sectors: is it truncated?"
                    .formatted(image.sizeBytes());
        }
        String foreign = foreignFormat(image);
        if (foreign != null) {
            return "is a %s image; only raw images and ISO files are understood".formatted(foreign);
        }
        return switch (kind) {
            case DISK -> null;
            case CDROM -> isoFault(image);
            case FLOPPY ->
                    image.sizeBytes() <= MOST_FLOPPY_BYTES
                            ? null
                            : "has %d bytes, too many for a floppy (at most %d)"
                                    .formatted(image.sizeBytes(), MOST_FLOPPY_BYTES);
        };
    }

    private static String foreignFormat(RawImage image) throws IOException {
        byte[] start = new byte[4];
        image.read(0, start, 0, 4);
        for (int i = 0; i < FOREIGN.length; i++) {
            if (Arrays.equals(start, FOREIGN[i])) {
                return FOREIGN_NAMES[i];
            }
        }
        return null;
    }

    /** ECMA-119 8.4 "Primary Volume Descriptor": the volume tells how long it is. */
    private static String isoFault(RawImage image) throws IOException {
        if (image.sizeBytes() < VOLUME_DESCRIPTOR + CD_SECTOR_BYTES) {
            return "has only %d bytes, too few for a CD".formatted(image.sizeBytes());
        }
        byte[] descriptor = new byte[CD_SECTOR_BYTES];
        image.read(VOLUME_DESCRIPTOR, descriptor, 0, descriptor.length);
        boolean iso = new String(descriptor, 1, 5, StandardCharsets.US_ASCII).equals("CD001");
        long told =
                (ByteBuffer.wrap(descriptor).order(ByteOrder.LITTLE_ENDIAN).getInt(VOLUME_SIZE)
                                & 0xffff_ffffL)
                        * CD_SECTOR_BYTES;
        return iso && told > image.sizeBytes()
                ? "is truncated: it has %d of %d bytes".formatted(image.sizeBytes(), told)
                : null;
    }
}
