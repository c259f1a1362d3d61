package trivium.guests.demo;

/** A place in the image. Bound once; used as often as one likes, before and after. */
final class Label {
    /** In bytes from the image's start, or -1 as long as it is not bound. */
    private int offset = -1;

    void bind(int at) {
        if (offset >= 0) {
            throw new IllegalStateException("a label is bound twice");
        }
        offset = at;
    }

    boolean bound() {
        return offset >= 0;
    }

    int offset() {
        if (offset < 0) {
            throw new IllegalStateException("a label is used but never bound");
        }
        return offset;
    }
}
