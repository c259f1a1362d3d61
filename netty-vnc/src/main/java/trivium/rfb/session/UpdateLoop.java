package trivium.rfb.session;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import trivium.rfb.protocol.ClientMessage;
import trivium.rfb.protocol.ProtocolException;

/**
 * Decides when one viewer gets an update. Messages that concern the picture wait in a mailbox and
 * are taken in order, one step at a time, on threads shared with other viewers. There is never a
 * second update while one is being written, so a slow viewer costs one picture of memory and no
 * time. Looks at the screen at the frame rate while it changes, ever less often while it does not.
 */
final class UpdateLoop implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(UpdateLoop.class);
    private static final long MAX_IDLE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final int MAX_MAILBOX = 64, MAX_UNREAD_REPLIES = 1 << 16;
    private static final long NEVER = -1;

    private enum State {
        /** Until somebody pokes. */
        WAITING,
        SCHEDULED,
        RUNNING,
        CLOSED
    }

    private final Channel channel;
    private final ScheduledExecutorService executor;
    private final Updates updates;
    private final long frameNanos;
    private final AtomicInteger unreadReplies = new AtomicInteger();

    // Guarded by this.
    private final Queue<ClientMessage> mailbox = new ArrayDeque<>();
    private State state = State.WAITING;
    private boolean poked;
    private boolean closing;
    private ScheduledFuture<?> next;

    private volatile boolean writing;
    private volatile long idleNanos;
    private long frameDue = System.nanoTime();

    UpdateLoop(Channel channel, ScheduledExecutorService executor, Updates updates, int frameRate) {
        this.channel = channel;
        this.executor = executor;
        this.updates = updates;
        frameNanos = TimeUnit.SECONDS.toNanos(1) / frameRate;
        idleNanos = frameNanos;
    }

    /** A message from the viewer; reading stops while there are too many. */
    void accept(ClientMessage message) {
        synchronized (this) {
            mailbox.add(message);
            if (mailbox.size() > MAX_MAILBOX) {
                channel.config().setAutoRead(false);
            }
        }
        poke();
    }

    /** Input was sent to the guest: the screen will change soon. */
    void hurry() {
        if (idleNanos > frameNanos) {
            idleNanos = frameNanos;
            poke();
        }
    }

    /** The channel can take more. */
    void wake() {
        poke();
    }

    /** The viewer is gone: a step that is under way is finished, another is not begun. */
    synchronized void close() {
        closing = true;
        if (state == State.WAITING || state == State.SCHEDULED && cancelled()) {
            dispose();
        }
    }

    private boolean cancelled() {
        return next.cancel(false) || next.isCancelled();
    }

    private synchronized void poke() {
        switch (state) {
            case WAITING -> schedule(0);
            case SCHEDULED -> {
                if (cancelled()) {
                    schedule(0);
                }
            }
            case RUNNING -> poked = true;
            case CLOSED -> mailbox.clear();
        }
    }

    private synchronized void schedule(long delayNanos) {
        try {
            state = State.SCHEDULED;
            next = executor.schedule(this, delayNanos, TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) { // the server is being closed
            dispose();
        }
    }

    private synchronized void dispose() {
        state = State.CLOSED;
        mailbox.clear();
        updates.close();
    }

    @Override
    public void run() {
        synchronized (this) {
            if (state == State.CLOSED) {
                return;
            }
            state = State.RUNNING;
            poked = false;
        }
        long delay = NEVER;
        try {
            delay = step();
        } catch (ProtocolException e) {
            LOG.debug("{}: {}", channel.remoteAddress(), e.getMessage());
            channel.close();
        } catch (RuntimeException e) {
            LOG.warn("{}: a viewer's update failed", channel.remoteAddress(), e);
            channel.close();
        }
        synchronized (this) {
            if (closing) {
                dispose();
            } else if (poked || delay != NEVER) {
                schedule(poked ? 0 : delay);
            } else {
                state = State.WAITING;
            }
        }
    }

    /** Does what is to be done now. @return when to come again, in nanoseconds, or NEVER */
    private long step() {
        takeMessages();
        if (writing || !channel.isWritable() || !updates.wanted()) {
            return NEVER; // the end of the write, or the next request, will poke
        }
        long now = System.nanoTime();
        if (now - frameDue < 0) {
            return frameDue - now;
        }
        frameDue = now + frameNanos;
        ByteBuf update = updates.next();
        if (update == null) {
            idleNanos = Math.min(idleNanos + idleNanos / 4, MAX_IDLE_NANOS);
            return idleNanos;
        }
        idleNanos = frameNanos;
        write(update);
        return NEVER;
    }

    private void write(ByteBuf update) {
        writing = true;
        channel.writeAndFlush(update)
                .addListener(done -> {
                    writing = false;
                    poke();
                });
    }

    private void takeMessages() {
        ClientMessage message;
        while (unreadReplies.get() < MAX_UNREAD_REPLIES && (message = nextMessage()) != null) {
            ByteBuf reply = updates.handle(message);
            if (reply != null) {
                reply(reply);
            }
        }
        updates.handled();
    }

    private synchronized ClientMessage nextMessage() {
        ClientMessage message = mailbox.poll();
        if (message == null && !channel.config().isAutoRead()) {
            channel.config().setAutoRead(true);
        }
        return message;
    }

    /** A viewer that asks for answers but does not read them is no longer listened to. */
    private void reply(ByteBuf reply) {
        int bytes = reply.readableBytes();
        unreadReplies.addAndGet(bytes);
        channel.writeAndFlush(reply)
                .addListener(done -> {
                    if (unreadReplies.addAndGet(-bytes) + bytes >= MAX_UNREAD_REPLIES) {
                        poke();
                    }
                });
    }
}
