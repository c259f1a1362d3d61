package trivium.rfb.session;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import trivium.rfb.encoding.PixelBlock;
import trivium.rfb.protocol.Rect;

/**
 * What a viewer shows, pixel for pixel. Damage is the difference between this and the screen, so
 * that whatever is sent, and whenever, the two end up the same. One thread at a time.
 */
final class ClientPicture {
    /** No screen has this pixel: what the viewer shows here is not known. */
    static final int UNKNOWN = 0x5a00_0000;

    private static final int BLOCK_WIDTH = 64, BLOCK_HEIGHT = 16;

    private int width;
    private int height;
    private int[] pixels = new int[0];

    int width() {
        return width;
    }

    int height() {
        return height;
    }

    int[] pixels() {
        return pixels;
    }

    Rect bounds() {
        return new Rect(0, 0, width, height);
    }

    void resize(int newWidth, int newHeight) {
        width = newWidth;
        height = newHeight;
        pixels = new int[width * height];
        forget(bounds());
    }

    /** The viewer wants this area whether it changed or not. */
    void forget(Rect area) {
        for (int y = area.y(); y < area.bottom(); y++) {
            Arrays.fill(pixels, y * width + area.x(), y * width + area.right(), UNKNOWN);
        }
    }

    /**
     * Takes over an area of a picture of the same size.
     *
     * @param screen 0x00RRGGBB
     */
    void take(int[] screen, Rect area) {
        for (int y = area.y(); y < area.bottom(); y++) {
            int at = y * width + area.x();
            System.arraycopy(screen, at, pixels, at, area.width());
        }
    }

    /** As CopyRect does: rows move from {@code distance} rows further down to {@code area}. */
    void scroll(Rect area, int distance) {
        for (int i = 0; i < area.height(); i++) {
            int y = distance > 0 ? area.y() + i : area.bottom() - 1 - i;
            int at = y * width + area.x();
            System.arraycopy(pixels, at + distance * width, pixels, at, area.width());
        }
    }

    /** Rectangles, small enough to encode, around all that differs within an area. */
    List<Rect> difference(int[] screen, Rect area) {
        var rects = new ArrayList<Rect>();
        var above = new ArrayList<Rect>();
        for (int y = area.y(); y < area.bottom(); y += BLOCK_HEIGHT) {
            int bottom = Math.min(y + BLOCK_HEIGHT, area.bottom());
            var band = band(screen, area, y, bottom);
            join(above, band, rects);
        }
        rects.addAll(above);
        var pieces = new ArrayList<Rect>(rects.size());
        rects.forEach(r -> split(trim(screen, r), pieces));
        return pieces;
    }

    /** Runs of blocks that differ, in one row of blocks. */
    private List<Rect> band(int[] screen, Rect area, int top, int bottom) {
        var runs = new ArrayList<Rect>();
        int start = -1;
        for (int x = area.x(); x < area.right(); x += BLOCK_WIDTH) {
            int right = Math.min(x + BLOCK_WIDTH, area.right());
            if (differs(screen, x, right, top, bottom)) {
                start = start < 0 ? x : start;
            } else if (start >= 0) {
                runs.add(new Rect(start, top, x - start, bottom - top));
                start = -1;
            }
        }
        if (start >= 0) {
            runs.add(new Rect(start, top, area.right() - start, bottom - top));
        }
        return runs;
    }

    /** Lets runs below others of the same place and width grow together; the rest is finished. */
    private static void join(List<Rect> above, List<Rect> band, List<Rect> finished) {
        var next = new ArrayList<Rect>(band.size());
        for (Rect run : band) {
            Rect grown = run;
            for (int i = 0; i < above.size(); i++) {
                Rect candidate = above.get(i);
                if (candidate.x() == run.x() && candidate.width() == run.width()) {
                    grown = candidate.union(run);
                    above.remove(i);
                    break;
                }
            }
            next.add(grown);
        }
        finished.addAll(above);
        above.clear();
        above.addAll(next);
    }

    private boolean differs(int[] screen, int left, int right, int top, int bottom) {
        for (int y = top; y < bottom; y++) {
            int row = y * width;
            if (!Arrays.equals(screen, row + left, row + right, pixels, row + left, row + right)) {
                return true;
            }
        }
        return false;
    }

    /** Takes off the edges that are equal. */
    private Rect trim(int[] screen, Rect r) {
        int top = r.y();
        int bottom = r.bottom();
        int left = r.x();
        int right = r.right();
        while (bottom - top > 1 && !differs(screen, left, right, top, top + 1)) {
            top++;
        }
        while (bottom - top > 1 && !differs(screen, left, right, bottom - 1, bottom)) {
            bottom--;
        }
        while (right - left > 1 && !differs(screen, left, left + 1, top, bottom)) {
            left++;
        }
        while (right - left > 1 && !differs(screen, right - 1, right, top, bottom)) {
            right--;
        }
        return new Rect(left, top, right - left, bottom - top);
    }

    private static void split(Rect r, List<Rect> pieces) {
        for (int x = r.x(); x < r.right(); x += PixelBlock.MAX_WIDTH) {
            int width = Math.min(PixelBlock.MAX_WIDTH, r.right() - x);
            int rows = PixelBlock.MAX_PIXELS / width / BLOCK_HEIGHT * BLOCK_HEIGHT;
            for (int y = r.y(); y < r.bottom(); y += rows) {
                pieces.add(new Rect(x, y, width, Math.min(rows, r.bottom() - y)));
            }
        }
    }
}
