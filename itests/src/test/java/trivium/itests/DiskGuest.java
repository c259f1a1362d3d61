package trivium.itests;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A VM with the guest bench/guests/disk16.asm, which writes to its disk and reads back. */
final class DiskGuest implements AutoCloseable {
    private static final int PLACES = 64, PLACE_BYTES = 4 * 512;

    private final Shell admin;
    private final Path image;

    /**
     * @param options more of them for {@code vm:create}
     */
    DiskGuest(Shell admin, String options) throws Exception {
        this.admin = admin;
        image = Path.of("disk.img").toAbsolutePath();
        try (var file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(PLACES * PLACE_BYTES);
        }
        admin.run(
                "vm:create disk --vnc none --bios %s --memory 1 --disk %s %s --start"
                        .formatted(System.getProperty("disk.rom"), image, options));
        await("", Pattern.quote("."));
    }

    /** It goes on, and finds no difference. */
    void works() throws Exception {
        await("--new", Pattern.quote("."));
    }

    private void await(String option, String regex) throws Exception {
        String line = "vm:wait-for disk --timeout 60 %s --serial '%s'";
        admin.run(line.formatted(option, regex));
    }

    /** Ends it: no read differed, no command failed, and the disk has what was written last. */
    void endsWell() throws Exception {
        admin.run("vm:console disk", "q");
        await("", "E[0-9A-F]{8}|X");
        String said = admin.run("vm:console --tail disk");
        Matcher end = Pattern.compile("E([0-9A-F]{8})").matcher(said);
        assertTrue(said, end.find());
        admin.run("vm:stop disk");
        holds(Files.readAllBytes(image), Integer.parseInt(end.group(1), 16));
    }

    private static void holds(byte[] disk, int passes) {
        assertTrue("" + passes, passes > PLACES);
        for (int pass = passes - PLACES; pass < passes; pass++) {
            ByteBuffer place = ByteBuffer.wrap(disk, pass % PLACES * PLACE_BYTES, PLACE_BYTES);
            place.order(ByteOrder.LITTLE_ENDIAN);
            short word = (short) (pass ^ pass >>> 16);
            for (int i = 0; i < PLACE_BYTES / 2; i++) {
                assertEquals("pass %d of %d".formatted(pass, passes), word, place.getShort());
                word = (short) (word * 25173 + 13849);
            }
        }
    }

    @Override
    public void close() {
        admin.error("vm:stop disk");
        admin.error("vm:delete disk");
    }
}
