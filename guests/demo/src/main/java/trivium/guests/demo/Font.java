package trivium.guests.demo;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Our own font of 8 by 16 pixels, ASCII 20h to 7Eh, drawn in font.txt: ten characters side by side,
 * 13 rows each, the rest of the cell empty. Glyphs are 16 bytes, a row each, bit 7 on the left.
 */
final class Font {
    static final int WIDTH = 8, HEIGHT = 16, FIRST = 0x20, LAST = 0x7e;
    private static final int GLYPHS = LAST - FIRST + 1;
    private static final int PER_LINE = 10, DRAWN_ROWS = 13, TOP = 2, COLUMNS = 6;

    private Font() {}

    /** All glyphs, thin or bold. */
    static byte[] glyphs(boolean bold) {
        List<String> drawing = drawing();
        byte[] glyphs = new byte[GLYPHS * HEIGHT];
        for (int g = 0; g < GLYPHS; g++) {
            for (int row = 0; row < DRAWN_ROWS; row++) {
                String line = drawing.get(g / PER_LINE * (DRAWN_ROWS + 1) + row);
                int bits = bits(line, g % PER_LINE * (COLUMNS + 1));
                glyphs[g * HEIGHT + TOP + row] = (byte) (bold ? embolden(bits) : bits);
            }
        }
        return glyphs;
    }

    /** A pixel more on the right of each, but not where that would close a gap. */
    private static int embolden(int bits) {
        return bits | bits >> 1 & ~(bits << 1);
    }

    private static int bits(String line, int from) {
        int bits = 0;
        for (int column = 0; column < COLUMNS; column++) {
            bits = bits << 1 | (line.charAt(from + column) == '#' ? 1 : 0);
        }
        return bits << 1;
    }

    private static List<String> drawing() {
        try (InputStream in = Font.class.getResourceAsStream("font.txt")) {
            return new String(in.readAllBytes(), StandardCharsets.US_ASCII).lines().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A word in bold and four times as large: how much of each pixel is ink, 0 to 4. */
    static byte[][] large(String word) {
        boolean[][] pixels = pixels(word);
        for (int i = 0; i < 3; i++) {
            pixels = smoothDouble(pixels);
        }
        byte[][] coverage = new byte[pixels.length / 2][pixels[0].length / 2];
        for (int y = 0; y < pixels.length; y++) {
            for (int x = 0; x < pixels[y].length; x++) {
                if (pixels[y][x]) {
                    coverage[y / 2][x / 2]++;
                }
            }
        }
        return coverage;
    }

    private static boolean[][] pixels(String word) {
        byte[] glyphs = glyphs(true);
        boolean[][] pixels = new boolean[HEIGHT][word.length() * WIDTH];
        for (int y = 0; y < HEIGHT; y++) {
            for (int x = 0; x < pixels[y].length; x++) {
                int row = glyphs[(word.charAt(x / WIDTH) - FIRST) * HEIGHT + y];
                pixels[y][x] = (row & 0x80 >> x % WIDTH) != 0;
            }
        }
        return pixels;
    }

    /**
     * Doubles a picture and rounds its corners: where two neighbours of a corner agree, it joins.
     */
    private static boolean[][] smoothDouble(boolean[][] p) {
        int height = p.length, width = p[0].length;
        boolean[][] to = new boolean[2 * height][2 * width];
        for (int y = 0; y < 2 * height; y++) {
            for (int x = 0; x < 2 * width; x++) {
                int dx = (x & 1) * 2 - 1, dy = (y & 1) * 2 - 1;
                boolean beside = get(p, x / 2 + dx, y / 2), above = get(p, x / 2, y / 2 + dy);
                boolean far = get(p, x / 2 - dx, y / 2), below = get(p, x / 2, y / 2 - dy);
                boolean corner = beside == above && beside != below && above != far;
                to[y][x] = corner ? beside : p[y / 2][x / 2];
            }
        }
        return to;
    }

    private static boolean get(boolean[][] p, int x, int y) {
        return y >= 0 && y < p.length && x >= 0 && x < p[0].length && p[y][x];
    }
}
