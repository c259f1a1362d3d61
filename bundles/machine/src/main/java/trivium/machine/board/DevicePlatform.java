package trivium.machine.board;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import trivium.bus.BusDevice;
import trivium.bus.DmaChannel;
import trivium.bus.IrqLine;
import trivium.bus.PciBus;
import trivium.bus.PciFunction;
import trivium.bus.PortIo;
import trivium.bus.SharedRegister;
import trivium.cpu.CpuModel;
import trivium.device.BlockBackend;
import trivium.device.IsaDma;
import trivium.device.Platform;
import trivium.device.PowerControl;
import trivium.device.SerialBackend;
import trivium.device.VirtualClock;
import trivium.device.VirtualTimer;
import trivium.display.Screen;
import trivium.input.KeyboardSink;
import trivium.input.PointerSink;
import trivium.memory.MemoryRegions;
import trivium.memory.PhysicalMemory;

/** The board as one device sees it; remembers what the device claimed and gives it back. */
final class DevicePlatform implements Platform, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DevicePlatform.class);
    private static final int MOST_UNIMPLEMENTED = 1000;

    private final Board board;
    private final String model;
    private final int place;
    private final List<PortBus.Window> windows = new ArrayList<>();
    private final List<Runnable> releases = new ArrayList<>();
    private final Set<String> unimplemented = new HashSet<>();
    private boolean closed;

    /**
     * @param place of the device among those of the board
     */
    DevicePlatform(Board board, String model, int place) {
        this.board = board;
        this.model = model;
        this.place = place;
    }

    /** Releases everything, the last claim first. */
    @Override
    public synchronized void close() {
        closed = true;
        for (Runnable release : releases.reversed()) {
            release.run();
        }
        releases.clear();
        windows.forEach(board.ports()::release);
        windows.clear();
    }

    private synchronized void onClose(Runnable release) {
        if (closed) {
            throw new IllegalStateException(model + " was removed");
        }
        releases.add(release);
    }

    // --- ports and memory

    @Override
    public synchronized void claimPorts(
            String name, int base, int count, Object owner, BusDevice window) {
        windows.add(board.ports().claim(place, name, base, count, owner, window));
    }

    private PortBus.Window windowOf(int port, int size) {
        for (PortBus.Window window : windows) {
            if (window.covers(port, size)) {
                return window;
            }
        }
        throw new IllegalArgumentException("%s has no port %#x".formatted(model, port));
    }

    @Override
    public synchronized SharedRegister shareRegister(int port, int sizeBytes) {
        return board.ports().share(windowOf(port, sizeBytes), port, sizeBytes);
    }

    @Override
    public synchronized SharedRegister[] shareRegisters(
            int port, int sizeBytes, SharedRegister index, int count) {
        return board.ports().share(windowOf(port, sizeBytes), port, sizeBytes, index, count);
    }

    @Override
    public synchronized void releasePorts(int base, int count) {
        for (PortBus.Window window : List.copyOf(windows)) {
            if (window.base == base && window.count == count) {
                board.ports().release(window);
                windows.remove(window);
            }
        }
    }

    @Override
    public MemoryRegions regions() {
        return new OwnRegions();
    }

    private final class OwnRegions implements MemoryRegions {
        @Override
        public MemorySegment allocate(String name, long sizeBytes) {
            return board.allocate(place, name, sizeBytes);
        }

        @Override
        public long writtenBytes(MemorySegment memory) {
            return board.memory().writtenBytes(memory);
        }

        @Override
        public void clear(MemorySegment memory, long offset) {
            board.memory().clear(memory, offset);
        }

        @Override
        public Mapping mapMemory(String name, long gpa, MemorySegment memory, boolean writable) {
            return own(board.memory().mapMemory(name, gpa, memory, writable));
        }

        @Override
        public Mapping mapMmio(String name, long gpa, long sizeBytes, BusDevice device) {
            return own(board.memory().mapMmio(name, gpa, sizeBytes, device));
        }

        @Override
        public void setShadow(long gpa, long sizeBytes, boolean readRam, boolean writeRam) {
            board.memory().setShadow(gpa, sizeBytes, readRam, writeRam);
        }

        private Mapping own(Mapping mapping) {
            OwnMapping own = new OwnMapping(mapping);
            onClose(own.release);
            return own;
        }
    }

    /** Closing forgets it, so that a device that maps and unmaps for ever costs no memory. */
    private final class OwnMapping implements MemoryRegions.Mapping {
        private final MemoryRegions.Mapping mapping;
        private final Runnable release;

        OwnMapping(MemoryRegions.Mapping mapping) {
            this.mapping = mapping;
            this.release = mapping::close;
        }

        @Override
        public void moveTo(long gpa) {
            mapping.moveTo(gpa);
        }

        @Override
        public void close() {
            synchronized (DevicePlatform.this) {
                releases.remove(release);
            }
            mapping.close();
        }
    }

    @Override
    public PhysicalMemory memory() {
        return board.memory();
    }

    @Override
    public PortIo ports() {
        return board.ports();
    }

    // --- PCI, interrupts, DMA

    @Override
    public PciBus pci() {
        return new OwnPci();
    }

    private final class OwnPci implements PciBus {
        @Override
        public int plug(int device, int function, PciFunction pciFunction) {
            int at = board.pci().plug(device, function, pciFunction);
            onClose(() -> board.pci().unplug(at, function));
            return at;
        }

        @Override
        public void unplug(int device, int function) {
            board.pci().unplug(device, function);
        }

        @Override
        public int readConfig(int device, int function, int register, int size) {
            return board.pci().readConfig(device, function, register, size);
        }

        @Override
        public void writeConfig(int device, int function, int register, int size, int value) {
            board.pci().writeConfig(device, function, register, size, value);
        }

        @Override
        public IrqLine intx(int device, int pin) {
            return own(board.pci().intx(device, pin));
        }

        @Override
        public void setRouter(Router router) {
            board.pci().setRouter(router);
            onClose(() -> board.pci().setRouter((_, _) -> {}));
        }
    }

    private IrqLine own(IrqLine line) {
        onClose(line::lower);
        return line;
    }

    @Override
    public IrqLine isaIrq(int irq) {
        if (irq < 0 || irq >= InterruptLines.ISA_LINES) {
            throw new IllegalArgumentException("no ISA interrupt " + irq);
        }
        return own(board.lines().source(irq));
    }

    @Override
    public IrqLine gsi(int gsi) {
        if (gsi < 0 || gsi >= InterruptLines.LINES) {
            throw new IllegalArgumentException("no global system interrupt " + gsi);
        }
        return own(board.lines().source(gsi));
    }

    @Override
    public DmaChannel isaDma(int channel) {
        return new LateChannel(channel);
    }

    private static final DmaChannel NO_CHANNEL =
            new DmaChannel() {
                @Override
                public int remaining() {
                    return 0;
                }

                @Override
                public int toMemory(byte[] from, int offset, int length) {
                    return 0;
                }

                @Override
                public int fromMemory(byte[] into, int offset, int length) {
                    return 0;
                }
            };

    /** The DMA controller may be made after the device that asks for a channel, or made anew. */
    private final class LateChannel implements DmaChannel {
        private final int number;

        LateChannel(int number) {
            this.number = number;
        }

        private DmaChannel channel() {
            return find(IsaDma.class).map(dma -> dma.channel(number)).orElse(NO_CHANNEL);
        }

        @Override
        public int remaining() {
            return channel().remaining();
        }

        @Override
        public int toMemory(byte[] from, int offset, int length) {
            return channel().toMemory(from, offset, length);
        }

        @Override
        public int fromMemory(byte[] into, int offset, int length) {
            return channel().fromMemory(into, offset, length);
        }
    }

    // --- time

    @Override
    public VirtualClock clock() {
        return board.clock();
    }

    @Override
    public VirtualTimer newTimer(String name, Object owner, Runnable action) {
        VirtualTimer timer = board.timers().add(owner, action);
        onClose(() -> board.timers().remove(timer));
        return timer;
    }

    // --- services and the host

    @Override
    public <T> void provide(Class<T> type, T service) {
        board.provide(place, type, service);
        onClose(() -> board.withdraw(type, service));
    }

    @Override
    public <T> Optional<T> find(Class<T> type) {
        return board.find(type);
    }

    @Override
    public Optional<SerialBackend> serial(int port) {
        return board.backends().serial(port).map(OwnSerial::new);
    }

    /** What comes while devices are being replaced waits: the states they get are older. */
    private final class OwnSerial implements SerialBackend {
        private final SerialBackend line;

        OwnSerial(SerialBackend line) {
            this.line = line;
            onClose(() -> line.onReceivable(() -> {}));
        }

        @Override
        public void send(int octet) {
            line.send(octet);
        }

        @Override
        public int receive() {
            return board.incomplete() ? -1 : line.receive();
        }

        @Override
        public void onReceivable(Runnable listener) {
            line.onReceivable(listener);
        }
    }

    @Override
    public Optional<BlockBackend> drive(String slot) {
        return board.backends().drive(slot);
    }

    @Override
    public void provideScreen(Screen screen) {
        provide(Screen.class, screen);
    }

    @Override
    public void provideKeyboard(KeyboardSink keyboard) {
        provide(KeyboardSink.class, keyboard);
    }

    @Override
    public void providePointer(PointerSink pointer) {
        provide(PointerSink.class, pointer);
    }

    @Override
    public PowerControl power() {
        return board.power();
    }

    @Override
    public CpuModel cpuModel() {
        return board.config().cpu();
    }

    @Override
    public int cpuCount() {
        return board.config().cpus();
    }

    @Override
    public Optional<String> property(String key) {
        return board.backends().property(key);
    }

    @Override
    public Optional<byte[]> firmware(String role) {
        return board.backends().firmware(role);
    }

    @Override
    public void unimplemented(String device, String register, long value) {
        synchronized (unimplemented) {
            String what = device + " " + register;
            if (unimplemented.size() >= MOST_UNIMPLEMENTED || !unimplemented.add(what)) {
                return;
            }
        }
        LOG.debug(
                "vm {}: {} {} is not modelled, value {}",
                board.config().name(),
                device,
                register,
                "%#x".formatted(value));
    }
}
