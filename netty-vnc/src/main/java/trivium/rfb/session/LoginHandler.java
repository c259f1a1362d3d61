package trivium.rfb.session;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.util.concurrent.ScheduledFuture;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import trivium.display.Screen;
import trivium.rfb.RfbConfig.Sharing;
import trivium.rfb.protocol.LoginDecoder;
import trivium.rfb.protocol.LoginDecoder.State;
import trivium.rfb.protocol.LoginMessage;
import trivium.rfb.protocol.MessageDecoder;
import trivium.rfb.protocol.PixelFormat;
import trivium.rfb.protocol.VncAuth;

/** Logs one viewer in, RFC 6143 §7.1 to §7.3, then makes way for its {@link Session}. */
public final class LoginHandler extends SimpleChannelInboundHandler<LoginMessage> {
    private static final Logger LOG = LoggerFactory.getLogger(LoginHandler.class);
    private static final int SECURITY_NONE = 1, SECURITY_VNC = 2;
    private static final int RESULT_OK = 0, RESULT_FAILED = 1;
    private static final int FAILURE_DELAY_MILLIS = 200, VERSION_SECONDS = 10;
    private static final int MAX_NAME = 255;

    private final Hub hub;
    private final LoginDecoder decoder;
    private final boolean askPassword;
    private InetAddress peer = InetAddress.getLoopbackAddress();
    private int minor;
    private byte[] challenge = new byte[0];
    private ScheduledFuture<?> versionTimer;
    private ScheduledFuture<?> loginTimer;

    public LoginHandler(Hub hub, LoginDecoder decoder) {
        this(hub, decoder, hub.config().password().isPresent());
    }

    private LoginHandler(Hub hub, LoginDecoder decoder, boolean askPassword) {
        this.hub = hub;
        this.decoder = decoder;
        this.askPassword = askPassword;
    }

    /** For a viewer that has already shown that it may. */
    public static LoginHandler trusting(Hub hub, LoginDecoder decoder) {
        return new LoginHandler(hub, decoder, false);
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        if (ctx.channel().isActive()) {
            greet(ctx);
        }
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        greet(ctx);
        ctx.fireChannelActive();
    }

    private void greet(ChannelHandlerContext ctx) {
        if (loginTimer != null) {
            return;
        }
        if (ctx.channel().remoteAddress() instanceof InetSocketAddress address) {
            peer = address.getAddress();
        }
        hub.clients().connected(ctx.channel());
        long millis = hub.config().loginTimeout().toMillis();
        loginTimer = ctx.executor().schedule(() -> close(ctx), millis, TimeUnit.MILLISECONDS);
        versionTimer = ctx.executor().schedule(() -> close(ctx), VERSION_SECONDS, TimeUnit.SECONDS);
        ByteBuf version = ctx.alloc().buffer(12);
        version.writeCharSequence("RFB 003.008\n", StandardCharsets.US_ASCII);
        ctx.writeAndFlush(version);
    }

    private static void close(ChannelHandlerContext ctx) {
        ctx.close();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        stopTimers();
        ctx.fireChannelInactive();
    }

    private void stopTimers() {
        if (loginTimer != null) {
            loginTimer.cancel(false);
            versionTimer.cancel(false);
        }
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, LoginMessage message) {
        switch (message) {
            case LoginMessage.Version(int spoken) -> version(ctx, spoken);
            case LoginMessage.SecurityType(int type) -> securityType(ctx, type);
            case LoginMessage.VncResponse(byte[] response) -> vncResponse(ctx, response);
            case LoginMessage.Init(boolean shared) -> init(ctx, shared);
        }
    }

    private int offered() {
        return askPassword ? SECURITY_VNC : SECURITY_NONE;
    }

    private void version(ChannelHandlerContext ctx, int spoken) {
        minor = spoken;
        versionTimer.cancel(false);
        if (askPassword && hub.guard().blocked(peer)) {
            refuse(ctx, "Too many failed logins; try again later");
        } else if (hub.clients().full()) {
            refuse(ctx, "Too many viewers");
        } else if (minor == 3) {
            ctx.write(ctx.alloc().buffer(4).writeInt(offered()));
            secure(ctx);
        } else {
            decoder.expect(State.SECURITY_TYPE);
            ctx.writeAndFlush(ctx.alloc().buffer(2).writeByte(1).writeByte(offered()));
        }
    }

    /** Before a security type is agreed upon, none at all and a reason is the refusal. */
    private void refuse(ChannelHandlerContext ctx, String reason) {
        decoder.expect(State.IGNORE);
        ByteBuf out = ctx.alloc().buffer();
        if (minor == 3) {
            out.writeInt(0);
        } else {
            out.writeByte(0);
        }
        writeReason(out, reason);
        ctx.writeAndFlush(out).addListener(ChannelFutureListener.CLOSE);
    }

    private static void writeReason(ByteBuf out, String reason) {
        out.writeInt(reason.length());
        out.writeCharSequence(reason, StandardCharsets.US_ASCII);
    }

    private void securityType(ChannelHandlerContext ctx, int type) {
        if (type != offered()) {
            ctx.close(); // never take what was not offered
            return;
        }
        secure(ctx);
    }

    private void secure(ChannelHandlerContext ctx) {
        if (offered() == SECURITY_VNC) {
            challenge = VncAuth.challenge();
            decoder.expect(State.VNC_RESPONSE);
            ctx.writeAndFlush(ctx.alloc().buffer(challenge.length).writeBytes(challenge));
        } else {
            decoder.expect(State.INIT);
            if (minor >= 8) { // RFC 6143 §7.1.3: older versions have no result here
                ctx.write(ctx.alloc().buffer(4).writeInt(RESULT_OK));
            }
            ctx.flush();
        }
    }

    private void vncResponse(ChannelHandlerContext ctx, byte[] response) {
        byte[] asked = challenge;
        challenge = new byte[0];
        String password = hub.config().password().orElse("");
        boolean right = VncAuth.matches(password, asked, response);
        Arrays.fill(asked, (byte) 0);
        if (right) {
            hub.guard().succeeded(peer);
            decoder.expect(State.INIT);
            ctx.writeAndFlush(ctx.alloc().buffer(4).writeInt(RESULT_OK));
            return;
        }
        hub.guard().failed(peer);
        LOG.info("{}: a viewer at {} gave a wrong password", hub.target().name(), peer);
        decoder.expect(State.IGNORE);
        ctx.executor().schedule(() -> fail(ctx), FAILURE_DELAY_MILLIS, TimeUnit.MILLISECONDS);
    }

    private void fail(ChannelHandlerContext ctx) {
        ByteBuf out = ctx.alloc().buffer().writeInt(RESULT_FAILED);
        if (minor >= 8) {
            writeReason(out, "Authentication failed");
        }
        ctx.writeAndFlush(out).addListener(ChannelFutureListener.CLOSE);
    }

    private void init(ChannelHandlerContext ctx, boolean shared) {
        Sharing sharing = hub.config().sharing();
        var others = hub.clients().others(ctx.channel());
        if (!shared && sharing == Sharing.REFUSE_EXCLUSIVE && !others.isEmpty()) {
            ctx.close();
            return;
        }
        if (!shared && sharing == Sharing.ALLOW_EXCLUSIVE) {
            others.forEach(other -> other.close());
        }
        if (!hub.clients().loggedIn(ctx.channel())) {
            ctx.close();
            return;
        }
        start(ctx);
    }

    private void start(ChannelHandlerContext ctx) {
        stopTimers();
        int width = hub.target().screen().map(Screen::width).orElse(View.OFF_WIDTH);
        int height = hub.target().screen().map(Screen::height).orElse(View.OFF_HEIGHT);
        ctx.writeAndFlush(serverInit(ctx, width, height));
        LOG.info("{}: a viewer at {} logged in", hub.target().name(), peer);
        var messages = new MessageDecoder();
        var session = new Session(hub, ctx.channel(), messages, width, height);
        ctx.pipeline().replace(this, "session", session);
        ctx.pipeline().replace(decoder, "messages", messages);
    }

    /** RFC 6143 §7.3.2 "ServerInit". */
    private ByteBuf serverInit(ChannelHandlerContext ctx, int width, int height) {
        ByteBuf out = ctx.alloc().buffer();
        out.writeShort(width).writeShort(height);
        PixelFormat.NATURAL.write(out);
        byte[] name = hub.target().name().getBytes(StandardCharsets.UTF_8);
        int length = Math.min(name.length, MAX_NAME);
        return out.writeInt(length).writeBytes(name, 0, length);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        LOG.debug("{}: a login from {} failed: {}", hub.target().name(), peer, cause.toString());
        ctx.close();
    }
}
