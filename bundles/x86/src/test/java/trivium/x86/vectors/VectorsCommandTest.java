package trivium.x86.vectors;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files small enough to write by hand: one STC, in either format. */
class VectorsCommandTest {
    private static final int CF = 1;

    @TempDir Path folder;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private Path good;

    @BeforeEach
    void writeGoodFile() throws IOException {
        good = Files.write(folder.resolve("good.bin"), x86vec1(1, CF));
    }

    private int run(Object... args) {
        List<String> words = Arrays.stream(args).map(Object::toString).toList();
        return new VectorsCommand(List.of(new StcEngine()), null)
                .run(words, new PrintStream(out), new PrintStream(err));
    }

    /** A 64-bit file with one STC that sets {@code flagsOut}. */
    private static byte[] x86vec1(int announced, int flagsOut) {
        ByteBuffer record = ByteBuffer.allocate(512).order(ByteOrder.LITTLE_ENDIAN);
        record.put((byte) 3).put("stc".getBytes(StandardCharsets.US_ASCII));
        record.put((byte) 0).put((byte) 0).put((byte) 1).put((byte) 0xf9);
        record.putInt(0).putInt(0x202).put(new byte[128]).put((byte) 0);
        record.put((byte) 0xff).putInt(0).putLong(0).putLong(0x3000_0401);
        record.putInt(0x202 | flagsOut).putShort((short) 0).put((byte) 0).flip();
        ByteBuffer file = ByteBuffer.allocate(1024).order(ByteOrder.LITTLE_ENDIAN);
        file.put("X86VEC1\0".getBytes(StandardCharsets.US_ASCII)).putInt(64).putInt(announced);
        file.putLong(386).putLong(0x3000_0400).putLong(0x3000_0400).putLong(0x1234_5000);
        file.putInt(4096).putInt(4096).putLong(0).putInt(record.limit()).put(record).flip();
        return Arrays.copyOf(file.array(), file.limit());
    }

    /** An 80286 file with one STC and HLT at 1000:0010. */
    private static byte[] moo(int flagsOut) {
        byte[] init =
                chunk("INIT", concat(regs(0x3010, 0x1000, 0x10, 2), ram(0x10010, 0xf9, 0xf4)));
        byte[] fina = chunk("FINA", concat(regs(0x3000, 0x12, flagsOut), ram(0)));
        byte[] bytes = chunk("BYTS", new byte[] {2, 0, 0, 0, (byte) 0xf9, (byte) 0xf4});
        byte[] test = chunk("TEST", concat(new byte[4], bytes, init, fina));
        byte[] header = chunk("MOO ", new byte[] {1, 1, 0, 0, 1, 0, 0, 0, 'C', '2', '8', '6'});
        return concat(header, test);
    }

    private static byte[] regs(int mask, int... values) {
        ByteBuffer b = ByteBuffer.allocate(2 + 2 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        b.putShort((short) mask);
        for (int value : values) {
            b.putShort((short) value);
        }
        return chunk("REGS", b.array());
    }

    private static byte[] ram(int gpa, int... values) {
        ByteBuffer b = ByteBuffer.allocate(4 + 5 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        b.putInt(values.length);
        for (int i = 0; i < values.length; i++) {
            b.putInt(gpa + i).put((byte) values[i]);
        }
        return chunk("RAM ", b.array());
    }

    private static byte[] chunk(String name, byte[] payload) {
        ByteBuffer b = ByteBuffer.allocate(8 + payload.length).order(ByteOrder.LITTLE_ENDIAN);
        return b.put(name.getBytes(StandardCharsets.US_ASCII))
                .putInt(payload.length)
                .put(payload)
                .array();
    }

    private static byte[] concat(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }

    private static byte[] gzip(byte[] plain) {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
            gzip.write(plain);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return packed.toByteArray();
    }

    @Test
    void passesWhatTheProcessorDid() {
        assertThat(run(good)).isZero();
        assertThat(out.toString()).contains("1 files, 1 passed, 0 failed");
    }

    @Test
    void readsFoldersOfGzipFilesAndWritesJson() throws IOException {
        Files.write(folder.resolve("F9.MOO.gz"), gzip(moo(3)));
        Path json = folder.resolve("result.json");

        assertThat(run("--json", json, folder)).isZero();

        assertThat(out.toString()).contains("2 files, 2 passed, 0 failed");
        assertThat(Json.parse(Files.readString(json)))
                .asString()
                .contains("engine=stc, passed=2.0");
    }

    @Test
    void tellsInFullWhatDiffers() throws IOException {
        Path bad = Files.write(folder.resolve("bad.bin"), x86vec1(1, 0));

        assertThat(run(bad)).isEqualTo(1);

        assertThat(out.toString())
                .contains("0 passed", "1 failed", "#0 stc [f9]")
                .contains("flags: expected IF (202), got CF IF (203)");
    }

    @Test
    void comparesFlagsUnderTheMaskOfTheMetadata() throws IOException {
        Path moo = Files.write(folder.resolve("F9.MOO"), moo(2));
        assertThat(run(moo)).isEqualTo(1);
        Files.writeString(
                folder.resolve("metadata.json"),
                "{\"opcodes\": {\"F9\": {\"flags-mask\": 65534}}}");

        assertThat(run(moo)).isZero();
    }

    @Test
    void reportsTruncatedFilesAndGoesOn() throws IOException {
        byte[] whole = x86vec1(1, CF);
        Path cut = Files.write(folder.resolve("cut.bin"), Arrays.copyOf(whole, whole.length - 5));
        Path fewer = Files.write(folder.resolve("fewer.bin"), x86vec1(2, CF));
        byte[] packed = gzip(whole);
        Path gzip = Files.write(folder.resolve("gzip.bin.gz"), Arrays.copyOf(packed, 60));

        assertThat(run(cut, fewer, gzip, good)).isEqualTo(1);

        assertThat(out.toString())
                .contains("truncated: vector 0 has", "the file ends before vector 1")
                .contains("cannot be read", "2 passed, 0 failed, 3 files with errors");
    }

    @Test
    void reportsCorruptFiles() throws IOException {
        byte[] longer = Arrays.copyOf(x86vec1(1, CF), 1024);
        Path trailing = Files.write(folder.resolve("trailing.bin"), longer);
        byte[] wrongLength = x86vec1(1, CF);
        wrongLength[67] = 0x7f;
        Path length = Files.write(folder.resolve("length.bin"), wrongLength);
        Path text = Files.writeString(folder.resolve("text.bin"), "this is no vector file");
        byte[] overrun = moo(3);
        overrun[36] = 0x7f;
        Path chunk = Files.write(folder.resolve("F9.MOO"), overrun);

        assertThat(run(trailing, length, text, chunk)).isEqualTo(1);

        assertThat(out.toString())
                .contains("data after the last of 1 vectors", "corrupt: vector 0 of 2130706")
                .contains("neither an X86VEC1 nor a MOO file", "overruns its parent");
    }

    @Test
    void randomDamageNeverEscapesAsAnException() throws IOException {
        java.util.Random random = new java.util.Random(386);
        for (byte[] whole : List.of(x86vec1(1, CF), moo(3))) {
            for (int i = 0; i < 500; i++) {
                byte[] damaged = whole.clone();
                damaged[random.nextInt(damaged.length)] = (byte) random.nextInt();
                Path file = Files.write(folder.resolve("damaged.bin"), damaged);

                assertThat(run(file)).isBetween(0, 1);
            }
        }
    }

    @Test
    void refusesWrongUsageInOneSentence() {
        assertThat(run()).isEqualTo(2);
        assertThat(run("--engine", "none", good)).isEqualTo(2);
        assertThat(run("--json")).isEqualTo(2);
        assertThat(run("--what", good)).isEqualTo(2);
        assertThat(run(folder.resolve("missing"))).isEqualTo(2);

        assertThat(err.toString().lines())
                .hasSize(5)
                .allMatch(line -> line.startsWith("vectors: "))
                .anyMatch(line -> line.contains("no engine 'none'; there are stc"));
    }
}
