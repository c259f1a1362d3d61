package trivium.rfb.testing;

import java.util.Arrays;
import java.util.List;
import trivium.display.Frame;
import trivium.display.Screen;

/** A screen that tests draw on. */
public final class FakeScreen implements Screen {
    private int width;
    private int height;
    private int[] pixels;
    private int refreshes;

    public FakeScreen(int width, int height) {
        resize(width, height);
    }

    public synchronized void resize(int newWidth, int newHeight) {
        width = newWidth;
        height = newHeight;
        pixels = new int[width * height];
    }

    public synchronized void fill(int x, int y, int w, int h, int rgb) {
        for (int row = y; row < y + h; row++) {
            Arrays.fill(pixels, row * width + x, row * width + x + w, rgb);
        }
    }

    public void set(int[] newPixels) {
        set(newPixels, -1);
    }

    public synchronized void set(int[] newPixels, int mask) {
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = newPixels[i] & mask;
        }
    }

    /** Moves everything up; what comes in below is filled. */
    public synchronized void scrollUp(int rows, int rgb) {
        System.arraycopy(pixels, rows * width, pixels, 0, (height - rows) * width);
        fill(0, height - rows, width, rows, rgb);
    }

    public synchronized int[] pixels() {
        return pixels.clone();
    }

    public synchronized int refreshes() {
        return refreshes;
    }

    @Override
    public synchronized int width() {
        return width;
    }

    @Override
    public synchronized int height() {
        return height;
    }

    @Override
    public synchronized boolean refresh(Frame frame) {
        refreshes++;
        boolean resized = frame.width != width || frame.height != height;
        frame.resize(width, height);
        int first = 0;
        int last = height;
        if (!resized) {
            while (first < last && same(frame, first)) {
                first++;
            }
            while (last > first && same(frame, last - 1)) {
                last--;
            }
        }
        frame.dirtyTop = first;
        frame.dirtyBottom = last;
        System.arraycopy(
                pixels, first * width, frame.pixels, first * width, (last - first) * width);
        return first < last;
    }

    private boolean same(Frame frame, int row) {
        int at = row * width;
        return Arrays.equals(pixels, at, at + width, frame.pixels, at, at + width);
    }

    @Override
    public List<String> text() {
        return List.of();
    }
}
