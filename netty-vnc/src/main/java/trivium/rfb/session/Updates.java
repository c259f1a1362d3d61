package trivium.rfb.session;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import trivium.rfb.ConsoleTarget;
import trivium.rfb.encoding.EncoderSet;
import trivium.rfb.encoding.PixelBlock;
import trivium.rfb.encoding.RectEncoder;
import trivium.rfb.protocol.ClientMessage;
import trivium.rfb.protocol.Encodings;
import trivium.rfb.protocol.PixelFormat;
import trivium.rfb.protocol.ProtocolException;
import trivium.rfb.protocol.Rect;

/**
 * What one viewer asked for, and the updates that answer it: compares the screen with what the
 * viewer shows and encodes the difference. One thread at a time.
 */
final class Updates implements AutoCloseable {
    /** More than this waits for the next update. */
    private static final int MAX_PIXELS = 1 << 22;

    private static final int FENCE_REQUEST = 1 << 31, FENCE_SYNC_NEXT = 4, FENCE_KNOWN = 7;
    private static final int FENCE_BLOCK_BEFORE = 1;
    private static final int MAX_UNANSWERED = 3;

    /** How the viewer's input is to be understood once it has read an update. */
    record InputChange(int width, int height, boolean deltas, boolean extendedMouse) {}

    private final ConsoleTarget target;
    private final ByteBufAllocator allocator;
    private final Consumer<InputChange> beforeWrite;
    private final View view;
    private final Announcements announcements;
    private final ClientPicture picture = new ClientPicture();
    private final EncoderSet encoders = new EncoderSet();
    private final int[] block = new int[PixelBlock.MAX_PIXELS];

    private ClientSettings settings = ClientSettings.INITIAL;
    private boolean requested;
    private Rect wanted = Rect.EMPTY;
    private boolean forced;
    private Rect forgotten = Rect.EMPTY;

    private boolean fenceTold;
    private boolean continuousTold;
    private boolean powerTold;
    private boolean continuous;
    private Rect continuousArea = Rect.EMPTY;
    private int unanswered;
    private ClientMessage.Fence heldFence;

    /**
     * @param beforeWrite told before each update is written
     */
    Updates(
            ConsoleTarget target,
            ByteBufAllocator allocator,
            int width,
            int height,
            Consumer<InputChange> beforeWrite) {
        this.target = target;
        this.allocator = allocator;
        this.beforeWrite = beforeWrite;
        view = new View(target);
        announcements = new Announcements(target);
        picture.resize(width, height);
    }

    @Override
    public void close() {
        encoders.close();
    }

    /**
     * Takes a message.
     *
     * @return what to answer at once, or null
     * @throws ProtocolException if the viewer was never offered what it uses
     */
    ByteBuf handle(ClientMessage message) {
        ClientMessage.Fence synced = heldFence;
        heldFence = null;
        ByteBuf out = allocator.buffer(64);
        try {
            handle(message, out);
            if (synced != null) {
                answer(synced, out);
            }
        } catch (RuntimeException e) {
            out.release();
            throw e;
        }
        if (out.isReadable()) {
            return out;
        }
        out.release();
        return null;
    }

    private void handle(ClientMessage message, ByteBuf out) {
        switch (message) {
            case ClientMessage.SetPixelFormat(PixelFormat format) -> setFormat(format, out);
            case ClientMessage.SetEncodings(List<Integer> encodings) -> {
                settings = settings.with(encodings);
                tellOnce(out);
            }
            case ClientMessage.UpdateRequest request -> request(request);
            case ClientMessage.EnableContinuousUpdates(boolean on, Rect area) ->
                    setContinuous(on, area, out);
            case ClientMessage.Fence fence -> fence(fence, out);
            case ClientMessage.SetDesktopSize _ -> announcements.refuseSize();
            default -> throw new AssertionError(message);
        }
    }

    private void setFormat(PixelFormat format, ByteBuf out) {
        settings = settings.with(format);
        forgotten = picture.bounds();
        if (!format.trueColour()) {
            format.writePalette(out);
        }
    }

    /** What the extensions want to be said the first time they are listed. */
    private void tellOnce(ByteBuf out) {
        if (settings.supports(Encodings.FENCE) && !fenceTold) {
            fenceTold = true;
            writeFence(FENCE_REQUEST, new byte[0], out);
        }
        if (settings.supports(Encodings.CONTINUOUS_UPDATES) && fenceTold && !continuousTold) {
            continuousTold = true;
            out.writeByte(150);
        }
        if (settings.supports(Encodings.XVP) && !powerTold && target.power().isPresent()) {
            powerTold = true;
            out.writeByte(250).writeZero(1).writeByte(1).writeByte(1);
        }
    }

    private void request(ClientMessage.UpdateRequest request) {
        Rect area = request.area().clip(picture.width(), picture.height());
        if (!request.incremental()) {
            forced = true;
            forgotten = forgotten.union(area);
            announcements.sizeDue();
        } else if (continuous) {
            return;
        }
        requested = true;
        wanted = wanted.union(area);
    }

    private void setContinuous(boolean on, Rect area, ByteBuf out) {
        if (!continuousTold) {
            throw new ProtocolException("continuous updates were not offered");
        }
        if (continuous && !on) {
            out.writeByte(150);
        }
        continuous = on;
        continuousArea = area;
        unanswered = 0;
    }

    private void fence(ClientMessage.Fence fence, ByteBuf out) {
        if (!fenceTold) {
            throw new ProtocolException("fences were not offered");
        }
        if ((fence.flags() & FENCE_REQUEST) == 0) {
            unanswered = Math.max(0, unanswered - (fence.payload().length == 1 ? 1 : 0));
        } else if ((fence.flags() & FENCE_SYNC_NEXT) != 0) {
            heldFence = fence;
        } else {
            answer(fence, out);
        }
    }

    private static void answer(ClientMessage.Fence fence, ByteBuf out) {
        writeFence(fence.flags() & FENCE_KNOWN, fence.payload(), out);
    }

    private static void writeFence(int flags, byte[] payload, ByteBuf out) {
        out.writeByte(248).writeZero(3).writeInt(flags);
        out.writeByte(payload.length).writeBytes(payload);
    }

    /** All messages there were have been handled: floods of full requests cost one look. */
    void handled() {
        if (!forgotten.isEmpty()) {
            Rect area = forgotten.clip(picture.width(), picture.height());
            picture.forget(area);
            view.dirty(area.y(), area.bottom());
            forgotten = Rect.EMPTY;
        }
    }

    boolean wanted() {
        return requested || continuous && unanswered < MAX_UNANSWERED;
    }

    /** The next update, or null if there is nothing to say. */
    ByteBuf next() {
        view.refresh();
        ByteBuf out = allocator.buffer(4096);
        boolean done = false;
        try {
            var update = new UpdateMessage(out);
            fill(update, out);
            if (update.isEmpty() && !forced) {
                return null;
            }
            update.finish();
            finish(out);
            done = true;
            return out;
        } finally {
            if (!done) {
                out.release();
            }
        }
    }

    private void fill(UpdateMessage update, ByteBuf out) {
        boolean sameSize = view.width() == picture.width() && view.height() == picture.height();
        if (!sameSize && settings.resizable()) {
            boolean all = continuousArea.equals(picture.bounds());
            picture.resize(view.width(), view.height());
            view.allDirty();
            continuousArea = all ? picture.bounds() : continuousArea;
            announcements.resize(settings, picture, update);
        } else {
            announcements.add(settings, picture, update);
            addPixels(update, out);
        }
    }

    private void finish(ByteBuf out) {
        requested = false;
        wanted = Rect.EMPTY;
        forced = false;
        if (continuous) {
            unanswered++;
            writeFence(FENCE_REQUEST | FENCE_BLOCK_BEFORE, new byte[1], out);
        }
        beforeWrite.accept(
                new InputChange(
                        picture.width(),
                        picture.height(),
                        announcements.wantsDeltas(),
                        announcements.extendedMouse()));
    }

    private void addPixels(UpdateMessage update, ByteBuf out) {
        Rect area = continuous ? wanted.union(continuousArea) : wanted;
        area = area.clip(picture.width(), picture.height());
        Rect rows = view.dirty(area);
        if (rows.isEmpty()) {
            return;
        }
        int[] screen = view.pixels(picture);
        List<Rect> damage = picture.difference(screen, rows);
        if (addMove(update, screen, damage)) {
            damage = picture.difference(screen, rows);
        }
        List<Rect> now = affordable(damage);
        for (Rect r : now) {
            addRect(update, screen, r, out);
        }
        if (now.size() == damage.size()) {
            view.clean(area, picture);
        }
    }

    private static List<Rect> affordable(List<Rect> damage) {
        var now = new ArrayList<Rect>(damage.size());
        long pixels = 0;
        for (Rect r : damage) {
            pixels += (long) r.width() * r.height();
            if (pixels > MAX_PIXELS) {
                break;
            }
            now.add(r);
        }
        return now;
    }

    /** RFC 6143 §7.7.2 "CopyRect". Not where the viewer asked for everything. */
    private boolean addMove(UpdateMessage update, int[] screen, List<Rect> damage) {
        if (forced || !settings.supports(Encodings.COPY_RECT)) {
            return false;
        }
        var found = ScrollFinder.find(picture, screen, damage);
        found.ifPresent(move -> {
            Rect to = move.area();
            update.rectangle(to, Encodings.COPY_RECT)
                    .writeShort(to.x())
                    .writeShort(to.y() + move.distance());
            picture.scroll(to, move.distance());
        });
        return found.isPresent();
    }

    private void addRect(UpdateMessage update, int[] screen, Rect r, ByteBuf out) {
        picture.take(screen, r);
        settings.writer()
                .convert(
                        screen,
                        r.y() * picture.width() + r.x(),
                        picture.width(),
                        r.width(),
                        r.height(),
                        block);
        int header = update.position();
        update.rectangle(r, settings.preferred());
        RectEncoder encoder = encoders.get(settings.preferred(), settings.level());
        var pixels = new PixelBlock(block, r.width(), r.height());
        update.setEncoding(header, encoder.encode(pixels, settings.writer(), out));
    }
}
