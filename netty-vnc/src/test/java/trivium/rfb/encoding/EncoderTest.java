package trivium.rfb.encoding;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import trivium.rfb.protocol.PixelFormat;
import trivium.rfb.testing.ClientFormat;
import trivium.rfb.testing.RectDecoder;
import trivium.rfb.testing.RfbClient;

/** Every encoder against a decoder that was written from the specification alone. */
class EncoderTest {
    private static final List<Integer> ENCODINGS = List.of(0, 2, 5, 6, 7, 16);
    private static final List<ClientFormat> FORMATS =
            List.of(
                    ClientFormat.RGB888,
                    ClientFormat.BGR888_BE,
                    ClientFormat.HIGH_LE,
                    ClientFormat.SPREAD,
                    ClientFormat.RGB565,
                    ClientFormat.RGB565_BE,
                    ClientFormat.RGB555,
                    ClientFormat.BGR233,
                    ClientFormat.RGB222,
                    ClientFormat.MAPPED);
    private static final int[][] SIZES = {
        {1, 1},
        {1, 70},
        {15, 17},
        {16, 16},
        {17, 15},
        {63, 65},
        {64, 64},
        {65, 63},
        {127, 33},
        {256, 256},
        {2047, 3},
        {2048, 32},
        {3, 2},
        {8, 1},
        {640, 16}
    };

    static Stream<Arguments> combinations() {
        return ENCODINGS.stream().flatMap(e -> FORMATS.stream().map(f -> Arguments.of(e, f)));
    }

    static PixelFormat format(ClientFormat f) throws IOException {
        return PixelFormat.read(Unpooled.wrappedBuffer(RfbClient.bytes(out -> write(f, out))));
    }

    /** By hand, since the client's own method is its own business. */
    private static void write(ClientFormat f, DataOutputStream out) throws IOException {
        out.writeByte(f.bpp());
        out.writeByte(f.depth());
        out.writeBoolean(f.bigEndian());
        out.writeBoolean(f.trueColour());
        out.writeShort(f.redMax());
        out.writeShort(f.greenMax());
        out.writeShort(f.blueMax());
        out.writeByte(f.redShift());
        out.writeByte(f.greenShift());
        out.writeByte(f.blueShift());
        out.write(new byte[3]);
    }

    /** Pictures of different kinds: flat, lines, text, few colours, many, noise. */
    private static int[] picture(Random random, int w, int h) {
        int kind = random.nextInt(7);
        int colours = new int[] {1, 2, 3, 12, 100, 250, 1 << 20}[kind];
        int[] palette = new int[Math.min(colours, 300)];
        for (int i = 0; i < palette.length; i++) {
            palette[i] = random.nextInt(1 << 24);
        }
        int stay = random.nextInt(300);
        int[] rgb = new int[w * h];
        int colour = palette[0];
        for (int i = 0; i < rgb.length; i++) {
            if (random.nextInt(stay + 1) == 0) {
                colour = kind == 6 ? random.nextInt(1 << 24) : palette[random.nextInt(colours)];
            }
            rgb[i] = colour;
        }
        return rgb;
    }

    @ParameterizedTest
    @MethodSource("combinations")
    void whatIsDecodedIsWhatWasEncoded(int encoding, ClientFormat format) throws IOException {
        var random = new Random(encoding * 31L + format.hashCode());
        var writer = new PixelWriter(format(format));
        var decoder = new RectDecoder();
        try (var set = new EncoderSet()) {
            RectEncoder encoder = set.get(encoding, random.nextInt(10));
            for (int round = 0; round < 3; round++) {
                for (int[] size : SIZES) {
                    check(
                            encoder,
                            decoder,
                            format,
                            writer,
                            picture(random, size[0], size[1]),
                            size);
                }
            }
        }
    }

    private static void check(
            RectEncoder encoder,
            RectDecoder decoder,
            ClientFormat format,
            PixelWriter writer,
            int[] rgb,
            int[] size)
            throws IOException {
        int[] values = new int[rgb.length];
        writer.convert(rgb, 0, size[0], size[0], size[1], values);
        int[] expected = new int[rgb.length];
        for (int i = 0; i < rgb.length; i++) {
            expected[i] = format.of(rgb[i]);
        }
        assertThat(values).isEqualTo(expected);
        ByteBuf out = Unpooled.buffer();
        int used = encoder.encode(new PixelBlock(values, size[0], size[1]), writer, out);
        var in = new DataInputStream(new ByteArrayInputStream(ByteBufUtil.getBytes(out)));
        assertThat(decoder.decode(used, size[0], size[1], format, in)).isEqualTo(expected);
        assertThat(in.available()).as("bytes left over").isZero();
    }

    private static String encode(RectEncoder encoder, int width, int height, int... values) {
        ByteBuf out = Unpooled.buffer();
        encoder.encode(
                new PixelBlock(values, width, height), new PixelWriter(PixelFormat.NATURAL), out);
        return HexFormat.of().formatHex(ByteBufUtil.getBytes(out));
    }

    @Test
    void goldenRaw() {
        assertThat(encode(new RawEncoder(), 2, 1, 0x112233, 0xaabbcc))
                .isEqualTo("33221100ccbbaa00");
    }

    @Test
    void goldenRre() {
        int a = 0x112233;
        int b = 0xaabbcc;
        assertThat(encode(new RreEncoder(), 4, 2, a, a, a, a, a, b, b, a))
                .isEqualTo("00000001" + "33221100" + "ccbbaa00" + "0001000100020001");
    }

    @Test
    void goldenHextile() {
        int a = 0x112233;
        int b = 0xaabbcc;
        // Background, foreground, one subrectangle at (1,1) of 2 by 1.
        assertThat(encode(new HextileEncoder(), 4, 2, a, a, a, a, a, b, b, a))
                .isEqualTo("0e" + "33221100" + "ccbbaa00" + "01" + "11" + "10");
    }

    @Test
    void goldenTight() {
        int a = 0x112233;
        int b = 0xaabbcc;
        assertThat(encode(new TightEncoder(2), 2, 2, a, a, a, a)).isEqualTo("80112233");
        // Stream 1, palette filter, two colours, one byte a row: too short to compress.
        assertThat(encode(new TightEncoder(2), 4, 2, a, a, a, a, a, b, b, a))
                .isEqualTo("50" + "01" + "01" + "112233" + "aabbcc" + "0060");
    }

    @ParameterizedTest
    @CsvSource({
        "0, 00",
        "127, 7f",
        "128, 8001",
        "10000, 904e",
        "16383, ff7f",
        "16384, 808001",
        "4194303, ffffff"
    })
    void goldenCompactLengths(int length, String hex) {
        ByteBuf out = Unpooled.buffer();
        TightEncoder.putCompactLength(length, out);
        assertThat(HexFormat.of().formatHex(ByteBufUtil.getBytes(out))).isEqualTo(hex);
    }

    @Test
    void zrleTakesTheShortestForm() throws Exception {
        var writer = new PixelWriter(PixelFormat.NATURAL);
        int[] solid = new int[64 * 64];
        assertThat(tile(solid, writer)).isEqualTo("01000000");
        int[] half = new int[64 * 64];
        java.util.Arrays.fill(half, 2048, 4096, 0xffffff);
        // Two runs of 2048 = 8 * 255 + 8 pixels.
        assertThat(tile(half, writer))
                .isEqualTo(
                        "80" + "000000" + "ff".repeat(8) + "07" + "ffffff" + "ff".repeat(8) + "07");
        int[] stripes = new int[64 * 64];
        for (int i = 0; i < stripes.length; i++) {
            stripes[i] = i & 3;
        }
        String palette = "000000" + "010000" + "020000" + "030000";
        assertThat(tile(stripes, writer)).isEqualTo("04" + palette + "1b".repeat(1024));
        for (int i = 0; i < stripes.length; i++) {
            stripes[i] = i / 64 & 3; // rows: runs of 64 in a palette of four
        }
        assertThat(tile(stripes, writer)).isEqualTo("84" + palette + "803f813f823f833f".repeat(16));
    }

    private static String tile(int[] pixels, PixelWriter writer) throws Exception {
        ByteBuf out = Unpooled.buffer();
        try (var encoder = new ZrleEncoder(6)) {
            encoder.encode(new PixelBlock(pixels, 64, 64), writer, out);
        }
        var inflater = new java.util.zip.Inflater();
        inflater.setInput(ByteBufUtil.getBytes(out, 4, out.readableBytes() - 4));
        byte[] plain = new byte[20000];
        int length = inflater.inflate(plain);
        inflater.end();
        return HexFormat.of().formatHex(plain, 0, length);
    }
}
