package trivium.rfb.session;

import java.util.ArrayDeque;
import java.util.List;
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
    private final Queue<byte[]> text = new ArrayDeque<>();
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

    /**
     * Types a text when nothing else is waiting, so that it neither fills the queue nor mixes with
     * keys; a text that comes while another is being typed is dropped.
     */
    void type(List<byte[]> strokes) {
        if (text.isEmpty()) {
            text.addAll(strokes);
            drain();
        }
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
        Queue<byte[]> first = waiting.isEmpty() ? text : waiting;
        while (!first.isEmpty() && (sink == null || sink.scancodes(first.peek()))) {
            first.remove();
            retries = 0;
            first = waiting.isEmpty() ? text : waiting;
        }
        if (first.isEmpty() || ++retries > MAX_RETRIES) {
            waiting.clear();
            text.clear();
            retries = 0;
            return;
        }
        if (retrying) {
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
