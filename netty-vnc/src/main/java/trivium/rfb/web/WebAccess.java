package trivium.rfb.web;

import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.timeout.ReadTimeoutHandler;
import trivium.rfb.session.Hub;

/** Browsers' way to a display: a page of ours, and RFB over a WebSocket for who has a token. */
public final class WebAccess {
    private static final int MAX_LINE = 4096, MAX_HEADERS = 8192, MAX_CONTENT = 1024;
    static final int REQUEST_SECONDS = 10;

    private final Hub hub;
    private final WebTokens tokens = new WebTokens(System::nanoTime);

    public WebAccess(Hub hub) {
        this.hub = hub;
    }

    /** Makes a connection serve pages. */
    public void start(ChannelPipeline pipeline) {
        pipeline.addLast("request-timeout", new ReadTimeoutHandler(REQUEST_SECONDS));
        pipeline.addLast("http", new HttpServerCodec(MAX_LINE, MAX_HEADERS, MAX_CONTENT));
        pipeline.addLast("aggregator", new HttpObjectAggregator(MAX_CONTENT));
        pipeline.addLast("web", new WebHandler(hub, tokens));
    }

    /** A key that lets one browser in. */
    public String token() {
        return tokens.issue();
    }
}
