package trivium.rfb;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import trivium.rfb.protocol.LoginDecoder;
import trivium.rfb.session.Clients;
import trivium.rfb.session.Hub;
import trivium.rfb.session.LoginGuard;
import trivium.rfb.session.LoginHandler;
import trivium.rfb.web.WebAccess;
import trivium.vm.VmException;

/**
 * Shows one console to RFB viewers: RFC 6143, versions 3.3 to 3.8, security None and VNC
 * Authentication. Not modelled: transport encryption (tunnel it), JPEG, audio, the extended
 * clipboard. Browsers on this host are served a viewer of ours. Thread-safe.
 */
public final class RfbServer implements AutoCloseable {
    private static final String WEB_HOST = "127.0.0.1";

    private final RfbConfig config;
    private final RfbThreads threads;
    private final boolean ownThreads;
    private final Clients clients;
    private final Hub hub;
    private final WebAccess web;
    private Channel listener;
    private Channel webListener;
    private boolean closed;

    /** A server with threads of its own. */
    public RfbServer(RfbConfig config, ConsoleTarget target) {
        this(config, target, new RfbThreads(), true);
    }

    /** A server that shares threads with others; these stay open when it is closed. */
    public RfbServer(RfbConfig config, ConsoleTarget target, RfbThreads threads) {
        this(config, target, threads, false);
    }

    private RfbServer(
            RfbConfig config, ConsoleTarget target, RfbThreads threads, boolean ownThreads) {
        this.config = config;
        this.threads = threads;
        this.ownThreads = ownThreads;
        clients = new Clients(config.maxClients());
        hub = new Hub(config, target, clients, new LoginGuard(), threads.encoders());
        web = new WebAccess(hub);
    }

    /**
     * Starts to listen.
     *
     * @param port 0 means any free one
     * @return the port it listens on
     * @throws VmException if the address cannot be had, or would be open to strangers
     */
    public synchronized int bind(String host, int port) throws VmException {
        if (closed || listener != null) {
            throw new IllegalStateException("closed, or bound already");
        }
        if (port < 0 || port > 65535) {
            throw new VmException("VNC port %d is not from 0 to 65535".formatted(port));
        }
        InetAddress address = resolve(host);
        if (config.password().isEmpty() && !address.isLoopbackAddress()) {
            throw new VmException(
                    "VNC on %s needs a password; without one only loopback is allowed"
                            .formatted(host));
        }
        listener = listen(host, new InetSocketAddress(address, port), this::startRfb);
        return ((InetSocketAddress) listener.localAddress()).getPort();
    }

    /**
     * Lets browsers on this host watch, too, by a page and RFB over a WebSocket.
     *
     * @param port 0 means any free one
     * @return the port it listens on
     * @throws VmException if the port cannot be had
     */
    public synchronized int bindWeb(int port) throws VmException {
        if (closed || webListener != null) {
            throw new IllegalStateException("closed, or bound already");
        }
        var address = new InetSocketAddress(WEB_HOST, port);
        webListener = listen(WEB_HOST, address, web::start);
        return webPort();
    }

    private int webPort() {
        return ((InetSocketAddress) webListener.localAddress()).getPort();
    }

    /** An address that opens the display in one browser, once. Empty if there is no web port. */
    public synchronized Optional<String> webLink() {
        return Optional.ofNullable(webListener)
                .map(_ -> "http://%s:%d/#%s".formatted(WEB_HOST, webPort(), web.token()));
    }

    private Channel listen(String host, InetSocketAddress address, Consumer<ChannelPipeline> start)
            throws VmException {
        ChannelFuture bound = bootstrap(start).bind(address).awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw notBound(host, address.getPort(), bound.cause());
        }
        return bound.channel();
    }

    private static InetAddress resolve(String host) throws VmException {
        try {
            return InetAddress.getByName(host);
        } catch (UnknownHostException e) {
            throw new VmException("VNC host '%s' is not known".formatted(host), e);
        }
    }

    private static VmException notBound(String host, int port, Throwable cause) {
        String why =
                cause instanceof BindException
                                && !String.valueOf(cause.getMessage()).contains("assign")
                        ? "the port is in use, or needs rights; choose another one"
                        : cause.getMessage();
        return new VmException("VNC cannot listen on %s:%d: %s".formatted(host, port, why), cause);
    }

    private ServerBootstrap bootstrap(Consumer<ChannelPipeline> start) {
        return new ServerBootstrap()
                .group(threads.eventLoops())
                .channel(NioServerSocketChannel.class)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.SO_KEEPALIVE, true)
                .childHandler(
                        new ChannelInitializer<Channel>() {
                            @Override
                            protected void initChannel(Channel channel) {
                                start.accept(channel.pipeline());
                            }
                        });
    }

    private void startRfb(ChannelPipeline pipeline) {
        var decoder = new LoginDecoder();
        pipeline.addLast("login-decoder", decoder);
        pipeline.addLast("login", new LoginHandler(hub, decoder));
    }

    /** The JDK lets go of the port at the selector's next turn only; a new server may want it. */
    private static void closeListener(Channel listener) {
        listener.close().awaitUninterruptibly(2000);
        if (!listener.eventLoop().isShuttingDown()) {
            listener.eventLoop()
                    .schedule(() -> {}, 1, TimeUnit.MILLISECONDS)
                    .awaitUninterruptibly(2000);
        }
    }

    /** Viewers that are logged in. */
    public int clients() {
        return clients.count();
    }

    /** Stops listening and disconnects everybody. */
    @Override
    public void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            Stream.of(listener, webListener)
                    .filter(Objects::nonNull)
                    .forEach(RfbServer::closeListener);
        }
        clients.all().forEach(channel -> channel.close().awaitUninterruptibly(2000));
        if (ownThreads) {
            threads.close();
        }
    }
}
