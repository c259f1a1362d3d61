package trivium.rfb.encoding;

/**
 * Pixels of one rectangle in the viewer's own values, row by row.
 *
 * @param pixels at least {@code width * height}; belongs to the caller
 */
public record PixelBlock(int[] pixels, int width, int height) {
    /** Larger rectangles are split before they are encoded. */
    public static final int MAX_PIXELS = 65536, MAX_WIDTH = 2048;

    int size() {
        return width * height;
    }
}
