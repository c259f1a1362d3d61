package trivium.guests.demo;

import java.util.Arrays;
import trivium.display.Frame;

/** Reads text off the guest's screen by the shapes of its own font. */
final class ScreenReader {
    private static final byte[] GLYPHS = Font.glyphs(false);

    private ScreenReader() {}

    /** The text in cells from x, y on; '\0' where a cell shows no character of ours. */
    static String text(Frame frame, int x, int y, int columns) {
        StringBuilder text = new StringBuilder();
        for (int column = 0; column < columns; column++) {
            text.append(character(cell(frame, x + Font.WIDTH * column, y)));
        }
        return text.toString().stripTrailing();
    }

    /** As a glyph: what is not paper, the colour of the cell's first pixel, is ink. */
    private static byte[] cell(Frame frame, int x, int y) {
        byte[] cell = new byte[Font.HEIGHT];
        int paper = frame.pixels[y * frame.width + x];
        for (int row = 0; row < Font.HEIGHT; row++) {
            for (int column = 0; column < Font.WIDTH; column++) {
                int pixel = frame.pixels[(y + row) * frame.width + x + column];
                cell[row] |= (byte) (pixel == paper ? 0 : 0x80 >> column);
            }
        }
        return cell;
    }

    private static char character(byte[] cell) {
        for (int g = 0; g < GLYPHS.length; g += Font.HEIGHT) {
            if (Arrays.equals(cell, 0, Font.HEIGHT, GLYPHS, g, g + Font.HEIGHT)) {
                return (char) (Font.FIRST + g / Font.HEIGHT);
            }
        }
        return 0;
    }
}
