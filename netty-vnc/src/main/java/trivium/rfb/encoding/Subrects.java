package trivium.rfb.encoding;

import java.util.Arrays;

/**
 * Covers what is not background in a tile with rectangles of one colour each: greedily, first as
 * wide, then as high as they can be.
 */
final class Subrects {
    private final boolean[] covered;
    int[] colour;
    int[] x;
    int[] y;
    int[] width;
    int[] height;
    int count;

    Subrects(int pixels, int most) {
        covered = new boolean[pixels];
        colour = new int[most];
        x = new int[most];
        y = new int[most];
        width = new int[most];
        height = new int[most];
    }

    /**
     * @return false if it would take more than {@code limit}
     */
    boolean find(int[] tile, int tileWidth, int tileHeight, int background, int limit) {
        count = 0;
        Arrays.fill(covered, 0, tileWidth * tileHeight, false);
        for (int i = 0; i < tileWidth * tileHeight; i++) {
            if (tile[i] != background && !covered[i]) {
                if (count == limit) {
                    return false;
                }
                cover(tile, tileWidth, tileHeight, i);
            }
        }
        return true;
    }

    private void cover(int[] tile, int tileWidth, int tileHeight, int start) {
        int left = start % tileWidth;
        int top = start / tileWidth;
        int right = left + 1;
        while (right < tileWidth && free(tile, top * tileWidth + right, tile[start])) {
            right++;
        }
        int bottom = top + 1;
        while (bottom < tileHeight && rowFree(tile, tileWidth, bottom, left, right, tile[start])) {
            bottom++;
        }
        for (int row = top; row < bottom; row++) {
            Arrays.fill(covered, row * tileWidth + left, row * tileWidth + right, true);
        }
        colour[count] = tile[start];
        x[count] = left;
        y[count] = top;
        width[count] = right - left;
        height[count++] = bottom - top;
    }

    private boolean rowFree(int[] tile, int stride, int row, int left, int right, int value) {
        for (int column = left; column < right; column++) {
            if (!free(tile, row * stride + column, value)) {
                return false;
            }
        }
        return true;
    }

    private boolean free(int[] tile, int at, int value) {
        return tile[at] == value && !covered[at];
    }

    /** The most frequent of a palette's colours. */
    static int background(Palette palette, int[] tile, int size) {
        int[] uses = new int[palette.size()];
        for (int i = 0; i < size; i++) {
            uses[palette.index(tile[i])]++;
        }
        int best = 0;
        for (int i = 1; i < uses.length; i++) {
            best = uses[i] > uses[best] ? i : best;
        }
        return palette.colour(best);
    }
}
