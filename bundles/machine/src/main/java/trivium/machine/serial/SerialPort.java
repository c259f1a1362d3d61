package trivium.machine.serial;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import trivium.device.SerialBackend;
import trivium.vm.Vm;

/**
 * The host's end of COM1: keeps the last 64 KiB the guest wrote, passes them on to listeners from a
 * thread of its own, so that a slow one holds up nobody, and queues what people type. It outlives
 * power cycles of its VM. A listener more than 64 KiB behind loses the oldest bytes; the copy to a
 * stream is complete.
 */
public final class SerialPort implements SerialBackend, Vm.SerialConsole, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SerialPort.class);
    private static final int CAPACITY = 64 * 1024;

    private final String vm;
    private final List<Consumer<byte[]>> listeners = new CopyOnWriteArrayList<>();

    // Guarded by this.
    private final byte[] ring = new byte[CAPACITY];
    private long written, delivered;
    private final byte[] typed = new byte[CAPACITY];
    private int typedFrom, typedCount;
    private OutputStream copy;
    private Thread pump;
    private boolean closed;

    private volatile Runnable receivable = () -> {};

    public SerialPort(String vm) {
        this.vm = vm;
    }

    /**
     * Copies everything the guest writes from now on.
     *
     * @param stream or null for nowhere; the earlier one is flushed, not closed
     */
    public synchronized void copyTo(OutputStream stream) {
        flush();
        copy = stream;
    }

    // --- the guest's side

    @Override
    public synchronized void send(int octet) {
        ring[(int) (written++ % CAPACITY)] = (byte) octet;
        if (copy != null) {
            copyOut(octet);
        }
        if (pump == null && !closed) {
            pump = Thread.ofPlatform().daemon().name("trivium-serial-" + vm).start(this::pump);
        }
        notifyAll();
    }

    private void copyOut(int octet) {
        try {
            copy.write(octet);
            if (octet == '\n') {
                copy.flush();
            }
        } catch (IOException e) {
            LOG.warn("vm {}: serial output is lost from here on", vm, e);
            copy = null;
        }
    }

    @Override
    public synchronized int receive() {
        if (typedCount == 0) {
            return -1;
        }
        int octet = typed[typedFrom] & 0xff;
        typedFrom = (typedFrom + 1) % CAPACITY;
        typedCount--;
        return octet;
    }

    @Override
    public void onReceivable(Runnable listener) {
        receivable = listener;
    }

    /**
     * What a console has at a moment.
     *
     * @param recent the tail of what the guest wrote
     * @param typed what the guest has not taken yet
     */
    public record State(byte[] recent, byte[] typed) {}

    public synchronized State save() {
        byte[] waiting = new byte[typedCount];
        for (int i = 0; i < typedCount; i++) {
            waiting[i] = typed[(typedFrom + i) % CAPACITY];
        }
        return new State(recent(), waiting);
    }

    /** Takes over another's console; listeners hear only what the guest writes from now on. */
    public synchronized void restore(State state) {
        System.arraycopy(state.recent, 0, ring, 0, state.recent.length);
        written = state.recent.length;
        delivered = written;
        System.arraycopy(state.typed, 0, typed, 0, state.typed.length);
        typedFrom = 0;
        typedCount = state.typed.length;
    }

    // --- people's side

    @Override
    public synchronized byte[] recent() {
        return since(Math.max(0, written - CAPACITY));
    }

    private byte[] since(long from) {
        byte[] bytes = new byte[(int) (written - from)];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = ring[(int) ((from + i) % CAPACITY)];
        }
        return bytes;
    }

    @Override
    public AutoCloseable listen(Consumer<byte[]> listener) {
        listeners.add(listener);
        return () -> listeners.remove(listener);
    }

    @Override
    public void send(byte[] bytes) {
        synchronized (this) {
            for (int i = 0; i < bytes.length && typedCount < CAPACITY; i++) {
                typed[(typedFrom + typedCount++) % CAPACITY] = bytes[i];
            }
        }
        receivable.run();
    }

    // --- the pump

    private void pump() {
        try {
            for (byte[] news = next(); news != null; news = next()) {
                deliver(news);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized byte[] next() throws InterruptedException {
        flush();
        while (delivered == written && !closed) {
            wait();
        }
        byte[] news = since(Math.max(delivered, written - CAPACITY));
        delivered = written;
        return news.length == 0 && closed ? null : news;
    }

    private void deliver(byte[] news) {
        for (Consumer<byte[]> listener : listeners) {
            try {
                listener.accept(Arrays.copyOf(news, news.length));
            } catch (RuntimeException e) {
                LOG.warn("vm {}: a serial listener failed and is dropped", vm, e);
                listeners.remove(listener);
            }
        }
    }

    private void flush() {
        if (copy != null) {
            try {
                copy.flush();
            } catch (IOException e) {
                LOG.warn("vm {}: serial output is lost from here on", vm, e);
                copy = null;
            }
        }
    }

    /** Ends the pump when everything is delivered. */
    @Override
    public synchronized void close() {
        flush();
        closed = true;
        notifyAll();
    }
}
