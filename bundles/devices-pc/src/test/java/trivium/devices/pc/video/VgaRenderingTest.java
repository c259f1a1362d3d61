package trivium.devices.pc.video;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.File;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import trivium.devices.pc.FakePlatform;
import trivium.display.Frame;

/**
 * Pictures of each kind of mode against checksums of pictures that were looked at. {@code
 * -Dtrivium.vga.dump=DIRECTORY} writes them as PNG files, to look again.
 */
class VgaRenderingTest {
    private final VgaModes v = new VgaModes();

    private long picture(String name, int width, int height) {
        var frame = new Frame();
        assertThat(v.vga.refresh(frame)).isTrue();
        assertThat(frame.width).isEqualTo(width);
        assertThat(frame.height).isEqualTo(height);
        dump(name, frame);
        var crc = new CRC32();
        for (int pixel : frame.pixels) {
            crc.update(pixel >>> 16);
            crc.update(pixel >>> 8);
            crc.update(pixel);
        }
        return crc.getValue();
    }

    private static void dump(String name, Frame frame) {
        String directory = System.getProperty("trivium.vga.dump");
        if (directory != null) {
            var image = new BufferedImage(frame.width, frame.height, BufferedImage.TYPE_INT_RGB);
            image.setRGB(0, 0, frame.width, frame.height, frame.pixels, 0, frame.width);
            try {
                ImageIO.write(image, "png", new File(directory, name + ".png"));
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }
    }

    private void textPage(String table, int base, int columns) {
        v.set(table);
        v.loadPalette();
        v.loadFont(0, VgaFont.bytes());
        if (base == 0xb0000) {
            v.indexed(0x3ce, 6, 0x0a);
        }
        for (int i = 0; i < columns * 25; i++) {
            v.print(base, i, " ", 0x07);
        }
        v.print(base, 0, "VGA 0123 AB", 0x1f);
        v.print(base, columns, "\u00c4\u00c4\u00c4--- \u00db\u00db", 0x4e);
        for (int i = 0; i < 16; i++) {
            v.print(base, columns * 3 + i * 2, "A1", i << 4 | 15 - i);
        }
        v.print(base, columns * 24, "VVV", 0x01);
    }

    @Test
    void text80() {
        textPage(VgaModes.TEXT_80, 0xb8000, 80);
        int crtc = 0x3d4;
        v.indexed(crtc, 0x0e, 0);
        v.indexed(crtc, 0x0f, 12);
        assertThat(picture("text80", 720, 400)).isEqualTo(2575524841L);
    }

    @Test
    void text40() {
        textPage(VgaModes.TEXT_40, 0xb8000, 40);
        assertThat(picture("text40", 720, 400)).isEqualTo(2522754162L);
    }

    @Test
    void monochromeTextUnderlines() {
        textPage(VgaModes.TEXT_MONO, 0xb0000, 80);
        assertThat(picture("mono", 720, 400)).isEqualTo(1846843974L);
    }

    @Test
    void textWithTwoFontsPanningAndSplit() {
        textPage(VgaModes.TEXT_80, 0xb8000, 80);
        byte[] other = VgaFont.bytes();
        for (int i = 0; i < other.length; i++) {
            other[i] = (byte) ~other[i];
        }
        v.loadFont(2, other); // slot 2 is character map 1
        v.indexed(0x3c4, 3, 4);
        v.setAttribute(0x13, 3);
        v.setAttribute(0x10, 0x2c); // panning stops at the split
        v.indexed(0x3d4, 0x0d, 40);
        v.indexed(0x3d4, 8, 5);
        v.indexed(0x3d4, 0x09, 0x0f);
        v.indexed(0x3d4, 0x07, 0x0f);
        v.indexed(0x3d4, 0x18, 199);
        assertThat(picture("split", 720, 400)).isEqualTo(2744764973L);
    }

    @Test
    void cgaFourColors() {
        v.set(VgaModes.CGA_4);
        v.loadPalette();
        for (int y = 0; y < 200; y++) {
            for (int x = 0; x < 80; x++) {
                int pair = x / 20;
                int value = y < 8 ? 0x1b : (x + y) % 16 == 0 ? 0xff : pair * 0x55;
                v.poke(0xb8000 + (y & 1) * 0x2000 + y / 2 * 80 + x, value);
            }
        }
        assertThat(picture("cga4", 640, 400)).isEqualTo(1207108574L);
    }

    @Test
    void cgaTwoColors() {
        v.set(VgaModes.CGA_2);
        v.loadPalette();
        for (int y = 0; y < 200; y++) {
            for (int x = 0; x < 80; x++) {
                int value = x == y * 80 / 200 ? 0xf0 : y == 100 ? 0xff : x == 40 ? 1 : 0;
                v.poke(0xb8000 + (y & 1) * 0x2000 + y / 2 * 80 + x, value);
            }
        }
        assertThat(picture("cga2", 640, 400)).isEqualTo(64440190L);
    }

    private void planarPicture(int stride, int height) {
        v.loadPalette();
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < stride; x++) {
                int color = x * 16 / stride ^ y / 32 & 0xf;
                v.indexed(0x3ce, 0, color);
                v.indexed(0x3ce, 1, 0xf);
                v.indexed(0x3ce, 8, 0xff);
                v.poke(0xa0000 + y * stride + x, 0);
            }
        }
        // A white diagonal with set/reset and the bit mask: only the latched rest stays.
        v.indexed(0x3ce, 0, 0xf);
        for (int y = 0; y < height; y++) {
            v.indexed(0x3ce, 8, 0x80 >> y % 8);
            int at = 0xa0000 + y * stride + y / 8;
            v.peek(at);
            v.poke(at, 0);
        }
    }

    @Test
    void planar16ColorsLow() {
        v.set(VgaModes.PLANAR_0D);
        planarPicture(40, 200);
        assertThat(picture("planar0d", 640, 400)).isEqualTo(1969235845L);
    }

    @Test
    void planar16ColorsHigh() {
        v.set(VgaModes.PLANAR_12);
        planarPicture(80, 480);
        assertThat(picture("planar12", 640, 480)).isEqualTo(2045306103L);
    }

    @Test
    void mode13() {
        v.set(VgaModes.MODE_13);
        v.loadPalette();
        for (int i = 0; i < 320 * 200; i++) {
            int x = i % 320;
            int y = i / 320;
            v.poke(0xa0000 + i, x < 256 ? (x + y) & 0xff : y / 4);
        }
        assertThat(picture("mode13", 640, 400)).isEqualTo(957243055L);
    }

    @Test
    void modeXWithStartAddress() {
        v.set(VgaModes.MODE_X);
        v.loadPalette();
        for (int i = 0; i < 320 * 400; i++) {
            int x = i % 320;
            int y = i / 320;
            v.indexed(0x3c4, 2, 1 << (x & 3));
            int circle = (x - 160) * (x - 160) + (y - 200) * (y - 200);
            v.poke(0xa0000 + y * 80 + x / 4, circle < 6400 ? 0x3f : circle >> 8);
        }
        v.indexed(0x3d4, 0x0c, 80 * 80 >> 8);
        v.indexed(0x3d4, 0x0d, 80 * 80 & 0xff);
        assertThat(picture("modex", 640, 480)).isEqualTo(1584871102L);
    }

    @Test
    void vbeDepthsShowTheSamePicture() {
        long expected = 0;
        for (int bits : new int[] {32, 24}) {
            v.vbeMode(320, 200, bits);
            for (int i = 0; i < 320 * 200; i++) {
                int rgb = i % 320 * 255 / 319 << 16 | i / 320 << 8 | (i % 320 ^ i / 320) & 0xff;
                lfb(i * bits / 8, bits / 8, rgb);
            }
            long crc = picture("vbe" + bits, 320, 200);
            assertThat(expected == 0 || crc == expected).isTrue();
            expected = crc;
        }
        assertThat(expected).isEqualTo(484196518L);
    }

    @Test
    void vbeHighColor() {
        v.vbeMode(320, 200, 16);
        for (int i = 0; i < 320 * 200; i++) {
            lfb(i * 2, 2, i % 320 / 10 << 11 | i / 320 * 63 / 199 << 5);
        }
        long crc = picture("vbe16", 320, 200);
        v.vbeMode(320, 200, 15);
        for (int i = 0; i < 320 * 200; i++) {
            lfb(i * 2, 2, i % 320 / 10 << 10 | i / 320 * 31 / 199 << 5);
        }
        assertThat(List.of(crc, picture("vbe15", 320, 200)))
                .isEqualTo(List.of(1321342533L, 1883043995L));
    }

    @Test
    void vbePaletteThroughBanksScrolled() {
        v.loadPalette();
        v.vbeMode(640, 480, 8);
        v.vbe(6, 800);
        v.vbe(8, 80);
        v.vbe(9, 20);
        for (int i = 0; i < 800 * 500; i++) {
            int x = i % 800;
            int y = i / 800;
            if ((i & 0xffff) == 0) {
                v.vbe(5, i >> 16);
            }
            v.poke(0xa0000 + (i & 0xffff), x == 80 || y == 20 ? 63 : x == 719 || y == 499 ? 9 : x);
        }
        assertThat(picture("vbe8", 640, 480)).isEqualTo(2589381402L);
    }

    @Test
    void vbePlanar() {
        v.vbeMode(800, 600, 4);
        v.indexed(0x3c4, 2, 0xf);
        for (int i = 0; i < 16; i++) {
            v.setAttribute(i, i);
        }
        v.setAttribute(0x12, 0xf);
        planarPicture(100, 600);
        assertThat(picture("vbe4", 800, 600)).isEqualTo(2169343382L);
    }

    private void lfb(int at, int size, int value) {
        v.pc.writeConfig(2, 0, 0x10, 4, 0xe0000000);
        v.pc.writeConfig(2, 0, 4, 2, 2);
        for (int i = 0; i < size; i++) {
            v.pc.memory().write(0xe0000000L + at + i, 1, value >>> 8 * i & 0xff);
        }
    }

    @Test
    void refreshNamesTheRowsThatChanged() {
        v.vbeMode(64, 48, 32);
        var frame = new Frame();
        assertThat(v.vga.refresh(frame)).isTrue();
        assertThat(v.vga.refresh(frame)).isFalse();
        lfb(64 * 4 * 10, 4, 0x123456);
        lfb(64 * 4 * 12 + 8, 4, 0xff654321);
        assertThat(v.vga.refresh(frame)).isTrue();
        assertThat(frame.dirtyTop).isEqualTo(10);
        assertThat(frame.dirtyBottom).isEqualTo(13);
        assertThat(frame.pixels[640]).isEqualTo(0x123456);
        assertThat(frame.pixels[770]).isEqualTo(0x654321);
        assertThat(v.vga.refresh(frame)).isFalse();
    }

    @Test
    void tellsTextInUnicode() {
        textPage(VgaModes.TEXT_80, 0xb8000, 80);
        assertThat(v.vga.text()).hasSize(25);
        assertThat(v.vga.text().get(0)).isEqualTo("VGA 0123 AB");
        assertThat(v.vga.text().get(1)).isEqualTo("───--- ██");
        v.set(VgaModes.MODE_13);
        assertThat(v.vga.text()).isEmpty();
    }

    @Test
    void cursorBlinksWithTheVirtualClock() {
        var pc = new FakePlatform();
        var blinking = new VgaModes(pc, Map.of());
        blinking.set(VgaModes.TEXT_80);
        blinking.loadPalette();
        blinking.print(0xb8000, 0, " ", 7);
        var frame = new Frame();
        blinking.vga.refresh(frame);
        int[] shown = frame.pixels.clone();
        pc.advance(270_000_000);
        assertThat(blinking.vga.refresh(frame)).isTrue();
        assertThat(frame.dirtyTop).isEqualTo(13);
        assertThat(frame.dirtyBottom).isEqualTo(15);
        pc.advance(270_000_000);
        assertThat(blinking.vga.refresh(frame)).isTrue();
        assertThat(frame.pixels).isEqualTo(shown);
    }
}
