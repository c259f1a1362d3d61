package trivium.rfb.protocol;

/** A rectangle of pixels; {@code width} or {@code height} 0 is the empty one. */
public record Rect(int x, int y, int width, int height) {
    public static final Rect EMPTY = new Rect(0, 0, 0, 0);

    public boolean isEmpty() {
        return width <= 0 || height <= 0;
    }

    public int right() {
        return x + width;
    }

    public int bottom() {
        return y + height;
    }

    public Rect clip(int maxWidth, int maxHeight) {
        int clippedX = Math.min(x, maxWidth);
        int clippedY = Math.min(y, maxHeight);
        var clipped =
                new Rect(
                        clippedX,
                        clippedY,
                        Math.min(width, maxWidth - clippedX),
                        Math.min(height, maxHeight - clippedY));
        return clipped.isEmpty() ? EMPTY : clipped;
    }

    /** The smallest rectangle around both. */
    public Rect union(Rect other) {
        if (isEmpty() || other.isEmpty()) {
            return isEmpty() ? other : this;
        }
        int left = Math.min(x, other.x);
        int top = Math.min(y, other.y);
        return new Rect(
                left,
                top,
                Math.max(right(), other.right()) - left,
                Math.max(bottom(), other.bottom()) - top);
    }
}
