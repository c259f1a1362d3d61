package trivium.rfb.protocol;

import java.util.List;

/** What a viewer says once it is logged in: RFC 6143 §7.5 and the extensions we understand. */
public sealed interface ClientMessage {
    record SetPixelFormat(PixelFormat format) implements ClientMessage {}

    /**
     * @param encodings in order of preference
     */
    record SetEncodings(List<Integer> encodings) implements ClientMessage {}

    record UpdateRequest(boolean incremental, Rect area) implements ClientMessage {}

    record Key(boolean down, int keysym) implements ClientMessage {}

    /**
     * @param buttons left, middle, right, wheel up, down, left, right, back
     */
    record Pointer(int buttons, int x, int y) implements ClientMessage {}

    /**
     * @param text at most {@link MessageDecoder#MAX_TEXT} bytes of what was cut
     */
    record CutText(String text) implements ClientMessage {}

    record EnableContinuousUpdates(boolean on, Rect area) implements ClientMessage {}

    record Fence(int flags, byte[] payload) implements ClientMessage {}

    record Xvp(int code) implements ClientMessage {}

    record SetDesktopSize(int width, int height) implements ClientMessage {}

    /**
     * @param keycode set 1 scancode; 0x80 stands for the prefix E0
     */
    record QemuKey(boolean down, int keysym, int keycode) implements ClientMessage {}
}
