package trivium.rfb.protocol;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Cuts the bytes of a login into messages. What comes next depends on what was answered, so the
 * handler behind says what to expect; one message is handed over before the next is looked for.
 */
public final class LoginDecoder extends ByteToMessageDecoder {
    private static final Pattern VERSION = Pattern.compile("RFB 003\\.(\\d{3})\n");
    private static final int VERSION_LENGTH = 12;

    /** What the next bytes are. */
    public enum State {
        VERSION(VERSION_LENGTH),
        SECURITY_TYPE(1),
        VNC_RESPONSE(VncAuth.CHALLENGE_LENGTH),
        INIT(1),
        /** Nothing that is listened to. */
        IGNORE(1);

        private final int length;

        State(int length) {
            this.length = length;
        }
    }

    private State state = State.VERSION;

    public LoginDecoder() {
        setSingleDecode(false);
    }

    public void expect(State next) {
        state = next;
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
        if (in.readableBytes() < state.length) {
            checkVersionStart(in);
            return;
        }
        switch (state) {
            case VERSION -> out.add(version(in));
            case SECURITY_TYPE -> out.add(new LoginMessage.SecurityType(in.readUnsignedByte()));
            case VNC_RESPONSE -> {
                byte[] response = ByteBufUtil.getBytes(in, in.readerIndex(), state.length);
                in.skipBytes(state.length);
                out.add(new LoginMessage.VncResponse(response));
            }
            case INIT -> out.add(new LoginMessage.Init(in.readByte() != 0));
            case IGNORE -> in.skipBytes(in.readableBytes());
        }
    }

    /** A port scanner is sent away at its first byte. */
    private void checkVersionStart(ByteBuf in) {
        if (state == State.VERSION && in.getByte(in.readerIndex()) != 'R') {
            throw new ProtocolException("not RFB");
        }
    }

    /** RFC 6143 §7.1.1 "ProtocolVersion". Odd minors are spoken as the next one that exists. */
    private static LoginMessage version(ByteBuf in) {
        var text = in.readCharSequence(VERSION_LENGTH, StandardCharsets.ISO_8859_1);
        Matcher matcher = VERSION.matcher(text);
        if (!matcher.matches()) {
            throw new ProtocolException("not RFB 3");
        }
        int minor = Integer.parseInt(matcher.group(1));
        return new LoginMessage.Version(minor < 7 ? 3 : Math.min(minor, 8));
    }
}
