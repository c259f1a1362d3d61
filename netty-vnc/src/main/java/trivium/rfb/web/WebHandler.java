package trivium.rfb.web;

import static io.netty.handler.codec.http.HttpHeaderNames.CACHE_CONTROL;
import static io.netty.handler.codec.http.HttpHeaderNames.CONNECTION;
import static io.netty.handler.codec.http.HttpHeaderNames.CONTENT_LENGTH;
import static io.netty.handler.codec.http.HttpHeaderNames.CONTENT_SECURITY_POLICY;
import static io.netty.handler.codec.http.HttpHeaderNames.CONTENT_TYPE;
import static io.netty.handler.codec.http.HttpHeaderNames.HOST;
import static io.netty.handler.codec.http.HttpHeaderNames.ORIGIN;
import static io.netty.handler.codec.http.HttpHeaderNames.X_FRAME_OPTIONS;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.websocketx.WebSocketServerHandshaker;
import io.netty.handler.codec.http.websocketx.WebSocketServerHandshakerFactory;
import io.netty.handler.timeout.IdleStateHandler;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import trivium.rfb.protocol.LoginDecoder;
import trivium.rfb.session.Hub;
import trivium.rfb.session.LoginHandler;

/**
 * Serves the viewer page, and turns a connection with a good token into one that speaks RFB. Only
 * pages from here may connect, and only under a name that means this host, lest a page from
 * elsewhere do so in the name of a browser here.
 */
final class WebHandler extends SimpleChannelInboundHandler<FullHttpRequest> {
    private static final Logger LOG = LoggerFactory.getLogger(WebHandler.class);
    private static final String SOCKET_PATH = "/rfb/";
    private static final int MAX_FRAME = 1 << 16, PING_SECONDS = 25;
    private static final String POLICY =
            "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; img-src data:;"
                    + " connect-src 'self'; frame-ancestors 'none'; base-uri 'none'";

    private final Hub hub;
    private final WebTokens tokens;

    WebHandler(Hub hub, WebTokens tokens) {
        this.hub = hub;
        this.tokens = tokens;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, FullHttpRequest request) {
        String path = request.uri();
        if (!request.decoderResult().isSuccess()) {
            answer(ctx, HttpResponseStatus.BAD_REQUEST);
        } else if (!isForUs(ctx, request)) {
            answer(ctx, HttpResponseStatus.FORBIDDEN);
        } else if (!request.method().equals(HttpMethod.GET)) {
            answer(ctx, HttpResponseStatus.METHOD_NOT_ALLOWED);
        } else if (path.startsWith(SOCKET_PATH)) {
            connect(ctx, request, path.substring(SOCKET_PATH.length()));
        } else {
            page(ctx, path);
        }
    }

    /** Keeps out names that were made to point here (DNS rebinding). */
    private static boolean isForUs(ChannelHandlerContext ctx, FullHttpRequest request) {
        int port = ((InetSocketAddress) ctx.channel().localAddress()).getPort();
        var names = Set.of("127.0.0.1:" + port, "localhost:" + port, "[::1]:" + port);
        return names.contains(request.headers().get(HOST, ""));
    }

    private void connect(ChannelHandlerContext ctx, FullHttpRequest request, String token) {
        String host = request.headers().get(HOST);
        if (!("http://" + host).equals(request.headers().get(ORIGIN, ""))) {
            LOG.info("{}: a page of another origin was refused", hub.target().name());
            answer(ctx, HttpResponseStatus.FORBIDDEN);
        } else if (!tokens.redeem(token)) {
            answer(ctx, HttpResponseStatus.FORBIDDEN);
        } else {
            upgrade(ctx, request, host);
        }
    }

    private void upgrade(ChannelHandlerContext ctx, FullHttpRequest request, String host) {
        var factory =
                new WebSocketServerHandshakerFactory(
                        "ws://" + host + SOCKET_PATH, "binary", false, MAX_FRAME);
        WebSocketServerHandshaker handshaker = factory.newHandshaker(request);
        if (handshaker == null) {
            answer(ctx, HttpResponseStatus.UPGRADE_REQUIRED);
            return;
        }
        handshaker
                .handshake(ctx.channel(), request)
                .addListener(done -> {
                    if (done.isSuccess()) {
                        speakRfb(ctx);
                    } else {
                        ctx.close();
                    }
                });
    }

    private void speakRfb(ChannelHandlerContext ctx) {
        ChannelPipeline pipeline = ctx.pipeline();
        var decoder = new LoginDecoder();
        pipeline.remove("request-timeout");
        pipeline.addLast("idle", new IdleStateHandler(0, PING_SECONDS, 0));
        pipeline.addLast("stream", new WebSocketStream());
        pipeline.addLast("login-decoder", decoder);
        pipeline.addLast("login", LoginHandler.trusting(hub, decoder));
        pipeline.remove(this);
    }

    private static void page(ChannelHandlerContext ctx, String path) {
        WebPages.find(path)
                .ifPresentOrElse(
                        page -> answer(ctx, HttpResponseStatus.OK, page.type(), page.content()),
                        () -> answer(ctx, HttpResponseStatus.NOT_FOUND));
    }

    private static void answer(ChannelHandlerContext ctx, HttpResponseStatus status) {
        byte[] text = (status + "\n").getBytes(StandardCharsets.US_ASCII);
        answer(ctx, status, "text/plain", text);
    }

    private static void answer(
            ChannelHandlerContext ctx, HttpResponseStatus status, String type, byte[] content) {
        ByteBuf body = ctx.alloc().buffer(content.length).writeBytes(content);
        var response = new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, status, body);
        response.headers()
                .set(CONTENT_TYPE, type + "; charset=utf-8")
                .set(CONTENT_LENGTH, content.length)
                .set(CONTENT_SECURITY_POLICY, POLICY)
                .set("x-content-type-options", "nosniff")
                .set(X_FRAME_OPTIONS, "DENY")
                .set("referrer-policy", "no-referrer")
                .set(CACHE_CONTROL, "no-store")
                .set(CONNECTION, HttpHeaderValues.CLOSE);
        ctx.writeAndFlush(response).addListener(ChannelFutureListener.CLOSE);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        LOG.debug("{}: {}", ctx.channel().remoteAddress(), cause.toString());
        ctx.close();
    }
}
