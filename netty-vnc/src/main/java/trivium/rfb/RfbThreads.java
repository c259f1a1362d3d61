package trivium.rfb;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Threads that servers share: one event loop for the network, and a few for comparing and encoding
 * pictures, so that neither waits for the other.
 */
public final class RfbThreads implements AutoCloseable {
    private final EventLoopGroup eventLoops =
            new MultiThreadIoEventLoopGroup(
                    1, new DefaultThreadFactory("rfb-io", true), NioIoHandler.newFactory());
    private final ScheduledThreadPoolExecutor encoders =
            new ScheduledThreadPoolExecutor(
                    Math.clamp(Runtime.getRuntime().availableProcessors() / 2, 1, 4),
                    new DefaultThreadFactory("rfb-encode", true));

    public RfbThreads() {
        encoders.setRemoveOnCancelPolicy(true);
        encoders.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    EventLoopGroup eventLoops() {
        return eventLoops;
    }

    ScheduledExecutorService encoders() {
        return encoders;
    }

    /** Ends all threads; servers that use them must be closed before. */
    @Override
    public void close() {
        encoders.shutdown();
        try {
            encoders.awaitTermination(2, TimeUnit.SECONDS); // updates under way need the network
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        eventLoops.shutdownGracefully(0, 2, TimeUnit.SECONDS).awaitUninterruptibly(3000);
    }
}
