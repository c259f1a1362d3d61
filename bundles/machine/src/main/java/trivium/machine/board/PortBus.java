package trivium.machine.board;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import trivium.bus.BusDevice;
import trivium.bus.PortIo;
import trivium.bus.SharedPorts;
import trivium.bus.SharedRegister;

/**
 * The I/O ports. An access that no single window takes whole falls into halves. Where windows
 * overlap, the one claimed first answers: a PCI BAR that the guest moves cannot cover the board's
 * own chips.
 */
public final class PortBus implements PortIo {
    private static final Logger LOG = LoggerFactory.getLogger(PortBus.class);
    private static final int PORTS = 0x10000;

    /**
     * What a tapped port that nobody claims reads: how Bochs's and QEMU's debug consoles answer.
     */
    private static final int TAPPED = 0xe9;

    /** A claim, for releasing it. */
    static final class Window {
        final String name;
        final int base, count;
        private final int place;
        private final Object owner;
        private final BusDevice device;

        private Window(
                int place, String name, int base, int count, Object owner, BusDevice device) {
            this.place = place;
            this.name = name;
            this.base = base;
            this.count = count;
            this.owner = owner;
            this.device = device;
        }

        boolean covers(int port, int size) {
            return port >= base && port + size <= base + count;
        }
    }

    /** By the port's high byte and its low one: most have none. */
    private final Window[][] table = new Window[PORTS >>> 8][];

    private final List<Window> windows = new ArrayList<>();
    private final SharedPorts shared = new SharedPorts();

    /** By port: who hears of bytes written there. Null as long as nobody does. */
    private volatile IntConsumer[] taps;

    /**
     * @param place of the device among those of the board: where windows overlap, the lowest one
     *     answers, and of those with one place the first
     * @throws IllegalArgumentException if these are no ports
     */
    synchronized Window claim(
            int place, String name, int base, int count, Object owner, BusDevice device) {
        if (base < 0 || count <= 0 || base + count > PORTS) {
            throw new IllegalArgumentException("%s: no ports %#x+%d".formatted(name, base, count));
        }
        Window window = new Window(place, name, base, count, owner, device);
        int at = windows.size();
        while (at > 0 && windows.get(at - 1).place > place) {
            at--;
        }
        windows.add(at, window);
        for (int port = base; port < base + count; port++) {
            Window first = firstAt(port);
            if (first != at(port)) {
                shared.withdraw(port);
                put(port, first);
            } else {
                LOG.debug("port {}: {} stays, {} waits", port, at(port).name, name);
            }
        }
        return window;
    }

    private Window at(int port) {
        Window[] page = table[port >>> 8];
        return page == null ? null : page[port & 0xff];
    }

    private void put(int port, Window window) {
        Window[] page = table[port >>> 8];
        if (page == null) {
            page = table[port >>> 8] = new Window[1 << 8];
        }
        page[port & 0xff] = window;
    }

    synchronized void release(Window window) {
        windows.remove(window);
        for (int port = window.base; port < window.base + window.count; port++) {
            if (at(port) == window) {
                shared.withdraw(port);
                put(port, firstAt(port));
            }
        }
    }

    /** Whether the CPUs may see a register of this window's device at a port. */
    private boolean sharable(Window window, int port, int size) {
        return at(port) == window && window.covers(port, size) && !tapped(port, size);
    }

    private boolean tapped(int port, int size) {
        for (int i = 0; i < size && taps != null; i++) {
            if (taps[port + i] != null) {
                return true;
            }
        }
        return false;
    }

    synchronized SharedRegister share(Window window, int port, int size) {
        return sharable(window, port, size) ? shared.share(port, size) : SharedPorts.hidden(size);
    }

    synchronized SharedRegister[] share(
            Window window, int port, int size, SharedRegister index, int count) {
        return sharable(window, port, size)
                ? shared.share(port, size, index, count)
                : SharedPorts.hidden(size, count);
    }

    @Override
    public Optional<SharedPorts> shared() {
        return Optional.of(shared);
    }

    private Window firstAt(int port) {
        for (Window window : windows) {
            if (window.covers(port, 1)) {
                return window;
            }
        }
        return null;
    }

    /** Tells {@code listener} of each byte written to a port, whoever claims it. */
    public synchronized void tap(int port, IntConsumer listener) {
        IntConsumer[] all = taps == null ? new IntConsumer[PORTS] : taps.clone();
        all[port] = listener;
        taps = all;
        for (int first = Math.max(0, port - 3); first <= port; first++) {
            shared.withdraw(first);
        }
    }

    @Override
    public int in(int port, int size) {
        Window window = at(port & 0xffff);
        if (window == null || size > 1 && !window.covers(port, size)) {
            if (window == null && size == 1 && taps != null && taps[port & 0xffff] != null) {
                return TAPPED;
            }
            return size == 1 || port + size > PORTS ? -1 >>> 32 - size * 8 : inHalves(port, size);
        }
        BusThread thread = BusThread.enter();
        try {
            synchronized (window.owner) {
                return (int) window.device.read(port - window.base, size) & -1 >>> 32 - size * 8;
            }
        } finally {
            BusThread.leave(thread);
        }
    }

    private int inHalves(int port, int size) {
        int half = size / 2;
        return in(port, half) | in(port + half, half) << half * 8;
    }

    @Override
    public void out(int port, int size, int value) {
        if (taps != null) {
            tell(taps, port, size, value);
        }
        write(port, size, value);
    }

    private static void tell(IntConsumer[] taps, int port, int size, int value) {
        for (int i = 0; i < size; i++) {
            IntConsumer tap = taps[port + i & 0xffff];
            if (tap != null) {
                tap.accept(value >>> 8 * i & 0xff);
            }
        }
    }

    private void write(int port, int size, int value) {
        Window window = at(port & 0xffff);
        if (window == null || size > 1 && !window.covers(port, size)) {
            writeHalves(port, size, value);
            return;
        }
        BusThread thread = BusThread.enter();
        try {
            synchronized (window.owner) {
                window.device.write(
                        port - window.base, size, value & 0xffff_ffffL >>> 32 - size * 8);
            }
        } finally {
            BusThread.leave(thread);
        }
    }

    private void writeHalves(int port, int size, int value) {
        if (size == 1 || port + size > PORTS) {
            return;
        }
        int half = size / 2;
        write(port, half, value);
        write(port + half, half, value >>> half * 8);
    }
}
