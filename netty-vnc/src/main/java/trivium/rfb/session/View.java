package trivium.rfb.session;

import trivium.display.Frame;
import trivium.display.Screen;
import trivium.rfb.ConsoleTarget;
import trivium.rfb.protocol.Rect;

/**
 * One viewer's look at the screen: its own frame, and which rows of it may differ from what the
 * viewer shows. While the machine is off the screen is black. One thread at a time.
 */
final class View {
    static final int OFF_WIDTH = 640, OFF_HEIGHT = 400;
    private static final int MAX_SIZE = 16384;

    private final ConsoleTarget target;
    private Screen screen;
    private Frame frame = new Frame();
    private int dirtyTop;
    private int dirtyBottom = Integer.MAX_VALUE;

    View(ConsoleTarget target) {
        this.target = target;
        blank();
    }

    private void blank() {
        frame = new Frame();
        frame.resize(OFF_WIDTH, OFF_HEIGHT);
    }

    void refresh() {
        Screen now = target.screen().orElse(null);
        if (now != screen) {
            screen = now;
            blank(); // the next screen knows nothing of what was drawn here
            allDirty();
        }
        if (now != null && now.refresh(frame)) {
            dirty(frame.dirtyTop, frame.dirtyBottom);
        }
        if (frame.width < 1 || frame.height < 1 || Math.max(frame.width, frame.height) > MAX_SIZE) {
            throw new IllegalStateException(
                    "a screen of %d by %d".formatted(frame.width, frame.height));
        }
    }

    int width() {
        return frame.width;
    }

    int height() {
        return frame.height;
    }

    void allDirty() {
        dirty(0, Integer.MAX_VALUE);
    }

    void dirty(int top, int bottom) {
        boolean none = dirtyTop >= dirtyBottom;
        dirtyTop = none ? top : Math.min(dirtyTop, top);
        dirtyBottom = none ? bottom : Math.max(dirtyBottom, bottom);
    }

    /** The rows of an area that may differ. */
    Rect dirty(Rect area) {
        int top = Math.max(area.y(), dirtyTop);
        int bottom = Math.min(area.bottom(), dirtyBottom);
        return top < bottom ? new Rect(area.x(), top, area.width(), bottom - top) : Rect.EMPTY;
    }

    /** The viewer now shows what is in this area. */
    void clean(Rect area, ClientPicture picture) {
        Rect all = dirty(picture.bounds());
        if (area.width() == picture.width()
                && area.y() <= all.y()
                && area.bottom() >= all.bottom()) {
            dirtyTop = 0;
            dirtyBottom = 0;
        }
    }

    /** Pixels in the size of a picture: cut off, or with black around them, if sizes differ. */
    int[] pixels(ClientPicture picture) {
        if (frame.width == picture.width() && frame.height == picture.height()) {
            return frame.pixels;
        }
        int[] fitted = new int[picture.width() * picture.height()];
        int width = Math.min(frame.width, picture.width());
        for (int y = 0; y < Math.min(frame.height, picture.height()); y++) {
            System.arraycopy(frame.pixels, y * frame.width, fitted, y * picture.width(), width);
        }
        return fitted;
    }
}
