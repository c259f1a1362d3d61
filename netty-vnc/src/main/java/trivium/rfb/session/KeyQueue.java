package trivium.rfb.session;

import java.util.ArrayDeque;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import trivium.input.KeyboardSink;

/**
 * Scancodes on their way to a keyboard whose own queue is short: what it refuses is offered again a
 * little later. Confined to the executor's one thread.
 */
final class KeyQueue {
    private static final Logger LOG = LoggerFactory.getLogger(KeyQueue.class);
    private static final int MAX_PRESSES = 256, MAX_ALL = 512;
    private static final int RETRY_MILLIS = 4, MAX_RETRIES = 1000;

    private final Supplier<Optional<KeyboardSink>> keyboard;
    private final ScheduledExecutorService executor;
    private final Queue<byte[]> waiting = new ArrayDeque<>();
    private boolean retrying;
    private int retries;
    private boolean told;

    KeyQueue(Supplier<Optional<KeyboardSink>> keyboard, ScheduledExecutorService executor) {
        this.keyboard = keyboard;
        this.executor = executor;
    }

    /**
     * @return false if it was dropped: the guest does not read its keyboard
     */
    boolean press(byte... scancodes) {
        return add(scancodes, MAX_PRESSES);
    }

    /** Releases have room of their own, lest keys stay down. */
    void release(byte... scancodes) {
        add(scancodes, MAX_ALL);
    }

    /** For texts: whether there is room for all of a stroke. */
    boolean hasRoom(int sequences) {
        return waiting.size() + sequences <= MAX_PRESSES;
    }

    boolean isEmpty() {
        return waiting.isEmpty();
    }

    private boolean add(byte[] scancodes, int limit) {
        if (scancodes.length == 0) {
            return true;
        }
        if (waiting.size() >= limit) {
            if (!told) {
                LOG.info("The guest does not read its keyboard: keys of a viewer are dropped");
                told = true;
            }
            return false;
        }
        waiting.add(scancodes);
        if (!retrying) {
            drain();
        }
        return true;
    }

    private void drain() {
        KeyboardSink sink = keyboard.get().orElse(null);
        while (!waiting.isEmpty() && (sink == null || sink.scancodes(waiting.peek()))) {
            waiting.remove();
            retries = 0;
        }
        if (waiting.isEmpty() || ++retries > MAX_RETRIES) {
            waiting.clear();
            retries = 0;
            return;
        }
        retrying = true;
        executor.schedule(this::retry, RETRY_MILLIS, TimeUnit.MILLISECONDS);
    }

    private void retry() {
        retrying = false;
        drain();
    }
}
