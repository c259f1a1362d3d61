package trivium.console;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import trivium.vm.Vm;

/**
 * Copies a guest's serial output to a stream, on a thread of its own: a slow terminal must not hold
 * up the guest, so what does not fit in the queue is left out, with a note.
 */
final class SerialCopy implements AutoCloseable {
    private static final byte[] LOST =
            "\r\n[output left out]\r\n".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] END = new byte[0];

    private final BlockingQueue<byte[]> queue = new ArrayBlockingQueue<>(4096);
    private final OutputStream out;
    private final Subscription subscription;
    private final Thread writer;
    private volatile boolean lost;

    /**
     * @param tail how many bytes of the past to begin with
     */
    SerialCopy(Vm.SerialConsole console, int tail, OutputStream out) {
        this.out = out;
        byte[] past = console.recent();
        int length = Math.min(tail, past.length);
        queue.add(Arrays.copyOfRange(past, past.length - length, past.length));
        subscription = new Subscription(console.listen(this::enqueue));
        writer = Thread.ofVirtual().name("serial console").start(this::copy);
    }

    private void enqueue(byte[] bytes) {
        if (bytes.length > 0 && !queue.offer(bytes)) {
            lost = true;
        }
    }

    private void copy() {
        try {
            for (byte[] bytes = queue.take(); bytes != END; bytes = queue.take()) {
                out.write(bytes);
                if (lost) {
                    lost = false;
                    out.write(LOST);
                }
                if (queue.isEmpty()) {
                    out.flush();
                }
            }
            out.flush();
        } catch (IOException _) {
            // the terminal is gone; its session ends by itself
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    /** Ends after what is queued is written, or soon if the terminal takes nothing. */
    @Override
    public void close() {
        subscription.close();
        try {
            if (!queue.offer(END) || !writer.join(Duration.ofSeconds(2))) {
                writer.interrupt();
            }
        } catch (InterruptedException _) {
            writer.interrupt();
            Thread.currentThread().interrupt();
        }
    }
}
