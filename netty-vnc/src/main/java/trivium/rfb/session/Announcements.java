package trivium.rfb.session;

import static trivium.rfb.protocol.Encodings.CURSOR;
import static trivium.rfb.protocol.Encodings.CURSOR_WITH_ALPHA;
import static trivium.rfb.protocol.Encodings.DESKTOP_NAME;
import static trivium.rfb.protocol.Encodings.DESKTOP_SIZE;
import static trivium.rfb.protocol.Encodings.EXTENDED_DESKTOP_SIZE;
import static trivium.rfb.protocol.Encodings.EXTENDED_MOUSE;
import static trivium.rfb.protocol.Encodings.QEMU_EXTENDED_KEY;
import static trivium.rfb.protocol.Encodings.QEMU_LED_STATE;
import static trivium.rfb.protocol.Encodings.QEMU_POINTER_MODE;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;
import trivium.input.KeyboardSink;
import trivium.input.PointerSink;
import trivium.rfb.ConsoleTarget;
import trivium.rfb.encoding.PixelWriter;
import trivium.rfb.protocol.Rect;

/**
 * Pseudo-rectangles: what one viewer has to be told beside pixels, each once or when it changes.
 * They ride in the next update, so that a viewer never gets one it did not ask for.
 */
final class Announcements {
    private static final Rect ONE = new Rect(0, 0, 1, 1);
    private static final int REASON_SERVER = 0, REASON_THIS_CLIENT = 1;
    private static final int STATUS_OK = 0, STATUS_PROHIBITED = 1;

    /** Five by five pixels, rows from left: a black dot with a white border. */
    private static final int CURSOR_SIZE = 5;

    private static final int[] CURSOR_MASK = {0x70, 0xf8, 0xf8, 0xf8, 0x70};

    private final ConsoleTarget target;
    private final Set<Integer> told = new HashSet<>();
    private int leds = -1;
    private Boolean absolute;
    private boolean sizeDue;
    private boolean sizeRefused;

    Announcements(ConsoleTarget target) {
        this.target = target;
    }

    /** A full update was asked for, and with it the layout of the screen. */
    void sizeDue() {
        sizeDue = true;
    }

    /** The guest sets its own size: SetDesktopSize is prohibited. */
    void refuseSize() {
        sizeRefused = true;
    }

    /** The screen has a new size; nothing else may be in the same update. */
    void resize(ClientSettings settings, ClientPicture picture, UpdateMessage update) {
        if (settings.supports(EXTENDED_DESKTOP_SIZE)) {
            extendedSize(REASON_SERVER, STATUS_OK, picture, update);
            sizeDue = false;
        } else {
            update.rectangle(picture.bounds(), DESKTOP_SIZE);
        }
    }

    void add(ClientSettings settings, ClientPicture picture, UpdateMessage update) {
        addSize(settings, picture, update);
        addOnce(settings, update);
        addLeds(settings, update);
        addPointerMode(settings, update);
    }

    private void addSize(ClientSettings settings, ClientPicture picture, UpdateMessage update) {
        if (settings.supports(EXTENDED_DESKTOP_SIZE)) {
            if (sizeRefused) {
                extendedSize(REASON_THIS_CLIENT, STATUS_PROHIBITED, picture, update);
            } else if (sizeDue) {
                extendedSize(REASON_SERVER, STATUS_OK, picture, update);
            }
        }
        sizeDue = false;
        sizeRefused = false;
    }

    private static void extendedSize(
            int reason, int status, ClientPicture picture, UpdateMessage update) {
        int width = picture.width();
        int height = picture.height();
        var rect = new Rect(reason, status, width, height);
        ByteBuf out = update.rectangle(rect, EXTENDED_DESKTOP_SIZE);
        out.writeByte(1).writeZero(3);
        out.writeInt(0).writeInt(0).writeShort(width).writeShort(height).writeInt(0);
    }

    private void addOnce(ClientSettings settings, UpdateMessage update) {
        if (first(settings, QEMU_EXTENDED_KEY)) {
            update.rectangle(Rect.EMPTY, QEMU_EXTENDED_KEY);
        }
        if (first(settings, EXTENDED_MOUSE)) {
            update.rectangle(Rect.EMPTY, EXTENDED_MOUSE);
        }
        if (first(settings, DESKTOP_NAME)) {
            byte[] name = target.name().getBytes(StandardCharsets.UTF_8);
            update.rectangle(Rect.EMPTY, DESKTOP_NAME).writeInt(name.length).writeBytes(name);
        }
        var cursor = new Rect(CURSOR_SIZE / 2, CURSOR_SIZE / 2, CURSOR_SIZE, CURSOR_SIZE);
        if (first(settings, CURSOR)) {
            told.add(CURSOR_WITH_ALPHA);
            drawCursor(settings.writer(), update.rectangle(cursor, CURSOR));
        } else if (first(settings, CURSOR_WITH_ALPHA)) {
            drawCursor(update.rectangle(cursor, CURSOR_WITH_ALPHA).writeInt(0));
        }
    }

    private boolean first(ClientSettings settings, int encoding) {
        return settings.supports(encoding) && told.add(encoding);
    }

    private static void drawCursor(PixelWriter writer, ByteBuf out) {
        for (int i = 0; i < CURSOR_SIZE * CURSOR_SIZE; i++) {
            writer.write(cursorPixel(i) ? 0 : 0xff_ffff, out);
        }
        for (int row : CURSOR_MASK) {
            out.writeByte(row);
        }
    }

    /** Red, green, blue, alpha; premultiplied. */
    private static void drawCursor(ByteBuf out) {
        for (int i = 0; i < CURSOR_SIZE * CURSOR_SIZE; i++) {
            boolean opaque = (CURSOR_MASK[i / CURSOR_SIZE] & 0x80 >> i % CURSOR_SIZE) != 0;
            int shade = opaque && !cursorPixel(i) ? 0xff : 0;
            out.writeByte(shade).writeByte(shade).writeByte(shade).writeByte(opaque ? 0xff : 0);
        }
    }

    private static boolean cursorPixel(int i) {
        int x = i % CURSOR_SIZE;
        int y = i / CURSOR_SIZE;
        return x >= 1 && x <= 3 && y >= 1 && y <= 3;
    }

    private void addLeds(ClientSettings settings, UpdateMessage update) {
        int now = target.keyboard().map(KeyboardSink::leds).orElse(0);
        if (settings.supports(QEMU_LED_STATE) && now != leds) {
            leds = now;
            update.rectangle(ONE, QEMU_LED_STATE).writeByte(leds);
        }
    }

    private void addPointerMode(ClientSettings settings, UpdateMessage update) {
        boolean now = target.pointer().map(PointerSink::absolute).orElse(true);
        if (settings.supports(QEMU_POINTER_MODE) && (absolute == null || absolute != now)) {
            absolute = now;
            update.rectangle(new Rect(now ? 1 : 0, 0, 0, 0), QEMU_POINTER_MODE);
        }
    }

    /** Whether this viewer was told to send movements instead of positions. */
    boolean wantsDeltas() {
        return absolute != null && !absolute;
    }

    boolean extendedMouse() {
        return told.contains(EXTENDED_MOUSE);
    }
}
