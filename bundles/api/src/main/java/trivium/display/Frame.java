package trivium.display;

/**
 * A reader's copy of a screen. Pixels are 0x00RRGGBB, {@code width} per row, no padding. {@code
 * dirtyTop} and {@code dirtyBottom} bound the rows the last refresh changed: [top, bottom).
 */
public final class Frame {
    public int width;
    public int height;
    public int[] pixels = new int[0];
    public int dirtyTop;
    public int dirtyBottom;

    /** Makes room for another size; contents are then all dirty and undefined. */
    public void resize(int width, int height) {
        if (this.width == width && this.height == height) {
            return;
        }
        this.width = width;
        this.height = height;
        pixels = new int[width * height];
        dirtyTop = 0;
        dirtyBottom = height;
    }
}
