package trivium.rfb.session;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import trivium.rfb.ConsoleTarget.Power;
import trivium.rfb.protocol.ClientMessage;
import trivium.rfb.protocol.MessageDecoder;
import trivium.rfb.protocol.ProtocolException;
import trivium.vm.VmException;

/**
 * One viewer that is logged in. Input goes to the guest from here, on the event loop; what concerns
 * the picture goes to the {@link UpdateLoop}.
 */
final class Session extends SimpleChannelInboundHandler<ClientMessage> {
    private static final Logger LOG = LoggerFactory.getLogger(Session.class);
    private static final int XVP_FAIL = 0, XVP_SHUTDOWN = 2, XVP_REBOOT = 3, XVP_RESET = 4;

    private final Hub hub;
    private final Channel channel;
    private final MessageDecoder decoder;
    private final KeyInput keys;
    private final PointerInput pointer;
    private final UpdateLoop loop;
    private volatile int width;
    private volatile int height;

    Session(Hub hub, Channel channel, MessageDecoder decoder, int width, int height) {
        super(ClientMessage.class);
        this.hub = hub;
        this.channel = channel;
        this.decoder = decoder;
        this.width = width;
        this.height = height;
        var target = hub.target();
        keys = new KeyInput(new KeyQueue(target::keyboard, channel.eventLoop()), target::keyboard);
        pointer = new PointerInput(target::pointer);
        var updates = new Updates(target, channel.alloc(), width, height, this::beforeWrite);
        loop = new UpdateLoop(channel, hub.executor(), updates, hub.config().framesPerSecond());
    }

    /**
     * On an encoding thread; what is done here comes before the viewer can have read the update.
     */
    private void beforeWrite(Updates.InputChange change) {
        width = change.width();
        height = change.height();
        pointer.expectDeltas(change.deltas());
        if (change.extendedMouse()) {
            channel.eventLoop().execute(decoder::expectExtendedMouse);
        }
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, ClientMessage message) {
        switch (message) {
            case ClientMessage.Key(boolean down, int keysym) -> {
                pointer.flush();
                keys.keysym(down, keysym);
            }
            case ClientMessage.QemuKey(boolean down, int keysym, int keycode) -> {
                pointer.flush();
                keys.keycode(down, keysym, keycode);
            }
            case ClientMessage.Pointer event -> pointer.event(event, width, height);
            case ClientMessage.CutText(String text) -> cutText(text);
            case ClientMessage.Xvp(int code) -> power(code);
            default -> {
                loop.accept(message);
                return;
            }
        }
        loop.hurry();
    }

    private void cutText(String text) {
        if (hub.config().typeClipboard()) {
            keys.type(text);
        }
    }

    /** xvp extension: power buttons of the viewer. A reboot is asked of the guest. */
    private void power(int code) {
        Power power = hub.target().power().orElse(null);
        if (power == null) {
            throw new ProtocolException("power control was not offered");
        }
        switch (code) {
            case XVP_SHUTDOWN -> inBackground(power::shutdown);
            case XVP_REBOOT -> keys.restartChord();
            case XVP_RESET -> inBackground(power::reset);
            default -> sayFailed();
        }
    }

    private interface PowerAction {
        void run() throws VmException;
    }

    private void inBackground(PowerAction action) {
        Thread.ofVirtual()
                .name("rfb-power")
                .start(() -> {
                    try {
                        action.run();
                    } catch (VmException e) {
                        LOG.info("{}: {}", hub.target().name(), e.getMessage());
                        sayFailed();
                    }
                });
    }

    private void sayFailed() {
        channel.writeAndFlush(
                channel.alloc()
                        .buffer(4)
                        .writeByte(250)
                        .writeZero(1)
                        .writeByte(1)
                        .writeByte(XVP_FAIL));
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        pointer.flush();
        ctx.fireChannelReadComplete();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        loop.wake();
        ctx.fireChannelWritabilityChanged();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        keys.releaseAll();
        pointer.releaseAll();
        loop.close();
        LOG.info("{}: a viewer at {} left", hub.target().name(), channel.remoteAddress());
        ctx.fireChannelInactive();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        LOG.debug("{}: {}: {}", hub.target().name(), channel.remoteAddress(), cause.toString());
        ctx.close();
    }
}
