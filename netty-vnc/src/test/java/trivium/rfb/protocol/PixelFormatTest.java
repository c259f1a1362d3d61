package trivium.rfb.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PixelFormatTest {
    private static PixelFormat read(String fields) {
        String[] f = fields.trim().split(" +");
        ByteBuf buf = Unpooled.buffer();
        for (int i = 0; i < f.length; i++) {
            int value = Integer.decode(f[i]);
            if (i >= 4 && i <= 6) {
                buf.writeShort(value);
            } else {
                buf.writeByte(value);
            }
        }
        return PixelFormat.read(buf.writeZero(3));
    }

    @ParameterizedTest
    @CsvSource({
        "32 24 0 1 255 255 255 16 8 0",
        "32 24 1 1 255 255 255 0 8 16",
        "32 24 0 1 255 255 255 24 16 8",
        "32 32 0 1 255 255 255 16 8 0",
        "16 16 1 1 31 63 31 11 5 0",
        "16 15 0 1 31 31 31 10 5 0",
        "8 8 0 1 7 7 3 0 3 6",
        "8 6 0 1 3 3 3 4 2 0",
        "8 3 0 1 1 1 1 2 1 0"
    })
    void takesWhatViewersUse(String fields) {
        PixelFormat format = read(fields);
        ByteBuf written = Unpooled.buffer();
        format.write(written);
        assertThat(PixelFormat.read(written)).isEqualTo(format);
    }

    @ParameterizedTest
    @CsvSource({
        "24 24 0 1 255 255 255 16 8 0", // not a size
        "0 0 0 1 255 255 255 16 8 0",
        "16 24 0 1 31 63 31 11 5 0", // deeper than wide
        "16 15 0 1 31 63 31 11 5 0", // 16 bits in depth 15
        "32 24 0 1 254 255 255 16 8 0", // not all ones
        "32 24 0 1 0 255 255 16 8 0",
        "32 30 0 1 1023 1023 1023 20 10 0",
        "32 24 0 1 65535 255 255 16 8 0",
        "32 24 0 1 255 255 255 25 8 0", // beyond the top
        "32 24 0 1 255 255 255 255 8 0",
        "32 24 0 1 255 255 255 16 16 0", // overlapping
        "32 24 0 1 255 255 255 15 8 0",
        "32 24 0 0 255 255 255 16 8 0", // a colour map of 32 bits
        "16 8 0 0 0 0 0 0 0 0"
    })
    void refusesWhatCannotBe(String fields) {
        assertThatThrownBy(() -> read(fields)).isInstanceOf(ProtocolException.class);
    }

    @Test
    void givesColourMapsAFixedPalette() {
        PixelFormat format = read("8 8 0 0 0 0 0 0 0 0");
        ByteBuf out = Unpooled.buffer();
        format.writePalette(out);
        assertThat(out.readableBytes()).isEqualTo(6 + 256 * 6);
        assertThat(out.getUnsignedShort(4)).isEqualTo(256);
        int white = 6 + 255 * 6;
        assertThat(out.getUnsignedShort(white)).isEqualTo(0xffff);
        assertThat(out.getUnsignedShort(white + 2)).isEqualTo(0xffff);
        assertThat(out.getUnsignedShort(white + 4)).isEqualTo(0xffff);
    }
}
