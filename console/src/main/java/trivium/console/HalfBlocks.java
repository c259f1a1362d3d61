package trivium.console;

import java.io.PrintStream;
import trivium.display.Frame;

/**
 * Draws a picture in a terminal: each character is an upper half block, its foreground the upper
 * and its background the lower of two pixels (ECMA-48 SGR with 24-bit colours).
 */
final class HalfBlocks {
    private static final String UPPER_HALF = "\u2580", RESET = "\u001b[0m";

    private HalfBlocks() {}

    /** Scales down, never up, so that it fits and keeps its shape. */
    static void draw(Frame frame, int columns, int rows, PrintStream out) {
        double scale =
                Math.max(
                        1,
                        Math.max(
                                (double) frame.width / columns,
                                (double) frame.height / (2 * rows)));
        int width = Math.max(1, (int) (frame.width / scale));
        int height = Math.max(1, (int) (frame.height / scale));
        for (int y = 0; y < height; y += 2) {
            out.println(row(frame, scale, width, height, y));
        }
    }

    private static String row(Frame frame, double scale, int width, int height, int y) {
        var row = new StringBuilder();
        int upperBefore = -1, lowerBefore = -1;
        for (int x = 0; x < width; x++) {
            int upper = average(frame, scale, x, y);
            int lower = y + 1 < height ? average(frame, scale, x, y + 1) : 0;
            if (upper != upperBefore) {
                row.append(colour(38, upper));
                upperBefore = upper;
            }
            if (lower != lowerBefore) {
                row.append(colour(48, lower));
                lowerBefore = lower;
            }
            row.append(UPPER_HALF);
        }
        return row.append(RESET).toString();
    }

    private static String colour(int layer, int rgb) {
        return "\u001b[%d;2;%d;%d;%dm"
                .formatted(layer, rgb >> 16 & 0xff, rgb >> 8 & 0xff, rgb & 0xff);
    }

    /** The mean colour of the pixels that fall on one half block. */
    private static int average(Frame frame, double scale, int x, int y) {
        int left = (int) (x * scale), top = (int) (y * scale);
        int right = Math.min(frame.width, Math.max(left + 1, (int) ((x + 1) * scale)));
        int bottom = Math.min(frame.height, Math.max(top + 1, (int) ((y + 1) * scale)));
        long red = 0, green = 0, blue = 0;
        for (int py = top; py < bottom; py++) {
            for (int px = left; px < right; px++) {
                int rgb = frame.pixels[py * frame.width + px];
                red += rgb >> 16 & 0xff;
                green += rgb >> 8 & 0xff;
                blue += rgb & 0xff;
            }
        }
        long count = (long) (right - left) * (bottom - top);
        return (int) (red / count << 16 | green / count << 8 | blue / count);
    }
}
