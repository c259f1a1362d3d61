package trivium.display;

import org.osgi.annotation.versioning.ConsumerType;

/**
 * A guest's screen, provided by a video device. Readers poll: they call {@link #refresh} at their
 * own pace and get what changed since their own last call. Thread-safe.
 */
@ConsumerType
public interface Screen {
    /** Present size in pixels; at least 1 by 1, at most 4096 by 4096. */
    int width();

    int height();

    /**
     * Renders the screen as it is now.
     *
     * @param frame resized by the callee to the present size; pixels 0x00RRGGBB, row by row
     * @return whether anything differs from what {@code frame} held
     */
    boolean refresh(Frame frame);

    /**
     * The screen as text, for commands and tests: one string per row, or empty in graphics modes.
     */
    java.util.List<String> text();
}
