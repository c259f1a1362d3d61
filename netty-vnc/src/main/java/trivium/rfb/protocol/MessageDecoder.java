package trivium.rfb.protocol;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Cuts a viewer's bytes into messages. The reader index stays where it is until a whole message is
 * there; only what is going to be thrown away is taken piecemeal. Holds at most {@link #MAX_TEXT}
 * bytes and what one read brought.
 */
public final class MessageDecoder extends ByteToMessageDecoder {
    public static final int MAX_ENCODINGS = 1024;
    public static final int MAX_TEXT = 4096;
    public static final int MAX_CUT_TEXT = 1 << 20;
    public static final int MAX_FENCE = 64;

    private enum State {
        MESSAGE,
        /** Bytes nobody wants are still to come. */
        SKIP
    }

    private State state = State.MESSAGE;
    private long skip;
    private boolean extendedMouse;

    /** From now on a pointer event with bit 7 set is one byte longer. Event loop only. */
    public void expectExtendedMouse() {
        extendedMouse = true;
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
        switch (state) {
            case MESSAGE -> message(in, out);
            case SKIP -> skip(in);
        }
    }

    private void skip(ByteBuf in) {
        int now = (int) Math.min(skip, in.readableBytes());
        in.skipBytes(now);
        skip -= now;
        state = skip == 0 ? State.MESSAGE : State.SKIP;
    }

    private void skipNext(long bytes) {
        skip = bytes;
        state = bytes == 0 ? State.MESSAGE : State.SKIP;
    }

    private void message(ByteBuf in, List<Object> out) {
        int type = in.getUnsignedByte(in.readerIndex());
        switch (type) {
            case 0 -> setPixelFormat(in, out);
            case 2 -> setEncodings(in, out);
            case 3 -> updateRequest(in, out);
            case 4 -> key(in, out);
            case 5 -> pointer(in, out);
            case 6 -> cutText(in, out);
            case 150 -> continuousUpdates(in, out);
            case 248 -> fence(in, out);
            case 250 -> xvp(in, out);
            case 251 -> setDesktopSize(in, out);
            case 255 -> qemu(in, out);
            default -> throw new ProtocolException("unknown message type " + type);
        }
    }

    private static void setPixelFormat(ByteBuf in, List<Object> out) {
        if (in.readableBytes() >= 4 + PixelFormat.LENGTH) {
            in.skipBytes(4);
            out.add(new ClientMessage.SetPixelFormat(PixelFormat.read(in)));
        }
    }

    private static void setEncodings(ByteBuf in, List<Object> out) {
        if (in.readableBytes() < 4) {
            return;
        }
        int count = in.getUnsignedShort(in.readerIndex() + 2);
        if (count > MAX_ENCODINGS) {
            throw new ProtocolException(count + " encodings");
        }
        if (in.readableBytes() < 4 + 4 * count) {
            return;
        }
        in.skipBytes(4);
        var encodings = new ArrayList<Integer>(count);
        for (int i = 0; i < count; i++) {
            encodings.add(in.readInt());
        }
        out.add(new ClientMessage.SetEncodings(encodings));
    }

    private static void updateRequest(ByteBuf in, List<Object> out) {
        if (in.readableBytes() >= 10) {
            in.skipBytes(1);
            out.add(new ClientMessage.UpdateRequest(in.readBoolean(), readRect(in)));
        }
    }

    private static Rect readRect(ByteBuf in) {
        return new Rect(
                in.readUnsignedShort(),
                in.readUnsignedShort(),
                in.readUnsignedShort(),
                in.readUnsignedShort());
    }

    private static void key(ByteBuf in, List<Object> out) {
        if (in.readableBytes() >= 8) {
            in.skipBytes(1);
            boolean down = in.readBoolean();
            in.skipBytes(2);
            out.add(new ClientMessage.Key(down, in.readInt()));
        }
    }

    private void pointer(ByteBuf in, List<Object> out) {
        if (in.readableBytes() < 6) {
            return;
        }
        boolean more = extendedMouse && in.getByte(in.readerIndex() + 1) < 0;
        if (in.readableBytes() < (more ? 7 : 6)) {
            return;
        }
        in.skipBytes(1);
        int buttons = in.readUnsignedByte();
        out.add(new ClientMessage.Pointer(buttons, in.readUnsignedShort(), in.readUnsignedShort()));
        in.skipBytes(more ? 1 : 0); // back and forward: no mouse of ours has them
    }

    private void cutText(ByteBuf in, List<Object> out) {
        if (in.readableBytes() < 8) {
            return;
        }
        int length = in.getInt(in.readerIndex() + 4);
        if (length < 0 || length > MAX_CUT_TEXT) { // negative: a clipboard we never offered
            throw new ProtocolException("cut text of length " + length);
        }
        int kept = Math.min(length, MAX_TEXT);
        if (in.readableBytes() < 8 + kept) {
            return;
        }
        in.skipBytes(8);
        String text = in.readCharSequence(kept, StandardCharsets.ISO_8859_1).toString();
        skipNext(length - kept);
        out.add(new ClientMessage.CutText(text));
    }

    private static void continuousUpdates(ByteBuf in, List<Object> out) {
        if (in.readableBytes() >= 10) {
            in.skipBytes(1);
            out.add(new ClientMessage.EnableContinuousUpdates(in.readBoolean(), readRect(in)));
        }
    }

    private void fence(ByteBuf in, List<Object> out) {
        if (in.readableBytes() < 9) {
            return;
        }
        int length = in.getUnsignedByte(in.readerIndex() + 8);
        if (length > MAX_FENCE) {
            skipNext(9 + length);
            skip(in); // something has to be taken, or decoding stops here
        } else if (in.readableBytes() >= 9 + length) {
            int flags = in.getInt(in.readerIndex() + 4);
            in.skipBytes(9);
            byte[] payload = ByteBufUtil.getBytes(in, in.readerIndex(), length);
            in.skipBytes(length);
            out.add(new ClientMessage.Fence(flags, payload));
        }
    }

    private static void xvp(ByteBuf in, List<Object> out) {
        if (in.readableBytes() >= 4) {
            in.skipBytes(3);
            out.add(new ClientMessage.Xvp(in.readUnsignedByte()));
        }
    }

    private static void setDesktopSize(ByteBuf in, List<Object> out) {
        if (in.readableBytes() < 8) {
            return;
        }
        int screens = in.getUnsignedByte(in.readerIndex() + 6);
        if (in.readableBytes() >= 8 + 16 * screens) {
            in.skipBytes(2);
            out.add(
                    new ClientMessage.SetDesktopSize(
                            in.readUnsignedShort(), in.readUnsignedShort()));
            in.skipBytes(2 + 16 * screens);
        }
    }

    private static void qemu(ByteBuf in, List<Object> out) {
        if (in.readableBytes() < 2) {
            return;
        }
        int subtype = in.getUnsignedByte(in.readerIndex() + 1);
        if (subtype != 0) { // 1 would be audio, which is never offered
            throw new ProtocolException("unknown QEMU message " + subtype);
        }
        if (in.readableBytes() >= 12) {
            in.skipBytes(2);
            boolean down = in.readUnsignedShort() != 0;
            out.add(new ClientMessage.QemuKey(down, in.readInt(), in.readInt()));
        }
    }
}
