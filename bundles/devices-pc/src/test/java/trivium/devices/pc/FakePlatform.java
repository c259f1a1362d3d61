package trivium.devices.pc;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import trivium.bus.BusDevice;
import trivium.bus.DmaChannel;
import trivium.bus.IrqLine;
import trivium.bus.PciBus;
import trivium.bus.PciFunction;
import trivium.bus.PortIo;
import trivium.bus.SharedPorts;
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

/** A board for one device under test: its time stands still until the test advances it. */
public final class FakePlatform implements Platform, PortIo, VirtualClock, PciBus, PowerControl {
    private record Window(String name, int base, int count, Object owner, BusDevice device) {}

    private final List<Window> windows = new ArrayList<>();

    /** What devices let CPUs do by themselves: {@link #in} and {@link #out} call them. */
    public final SharedPorts shared = new SharedPorts();

    private final List<Timer> timers = new ArrayList<>();
    private final Map<Class<?>, Object> provided = new HashMap<>();
    private final Map<Integer, PciFunction> functions = new HashMap<>();
    private final FakeMemory memory;
    private long now;

    /** Present level of each ISA interrupt and GSI, and how often each went up. */
    public final boolean[] irq = new boolean[16], gsi = new boolean[24];

    public final int[] irqEdges = new int[16], gsiEdges = new int[24];

    /** Pulls of intx lines by {@code device * 4 + pin}. */
    public final boolean[] intx = new boolean[128];

    public final Set<String> unimplemented = new TreeSet<>();
    public final Map<String, String> properties = new HashMap<>();
    public final Map<String, BlockBackend> drives = new HashMap<>();
    public final Map<String, byte[]> firmware = new HashMap<>();
    public final SerialBackend[] serials = new SerialBackend[4];
    public final DmaChannel[] dma = new DmaChannel[8];
    public final List<String> powerEvents = new ArrayList<>();
    public Router router;
    public Screen screen;
    public KeyboardSink keyboard;
    public PointerSink pointer;
    public CpuModel cpuModel = CpuModel.X86_64;
    public int cpuCount = 1;
    public long epochMillis = 1_700_000_000_000L;

    public FakePlatform() {
        this(1 << 20);
    }

    public FakePlatform(long ramBytes) {
        memory = new FakeMemory(ramBytes);
    }

    // --- ports: where windows overlap, the one claimed first answers

    @Override
    public void claimPorts(String name, int base, int count, Object owner, BusDevice window) {
        windows.add(new Window(name, base, count, owner, window));
    }

    @Override
    public void releasePorts(int base, int count) {
        windows.removeIf(w -> w.base == base && w.count == count);
    }

    @Override
    public SharedRegister shareRegister(int port, int sizeBytes) {
        return shared.share(port, sizeBytes);
    }

    @Override
    public SharedRegister[] shareRegisters(
            int port, int sizeBytes, SharedRegister index, int count) {
        return shared.share(port, sizeBytes, index, count);
    }

    private Window windowOf(int port) {
        for (Window w : windows) {
            if (port >= w.base && port < w.base + w.count) {
                return w;
            }
        }
        return null;
    }

    /** Every claimed port, for fuzzing. */
    public List<Integer> claimedPorts() {
        List<Integer> all = new ArrayList<>();
        windows.forEach(w -> addRange(all, w.base, w.count));
        return all;
    }

    private static void addRange(List<Integer> all, int base, int count) {
        for (int p = base; p < base + count; p++) {
            all.add(p);
        }
    }

    @Override
    public int in(int port, int size) {
        Window w = windowOf(port);
        if (w == null) {
            return -1 >>> (32 - size * 8);
        }
        if (port + size > w.base + w.count) {
            return in(port, size / 2) | in(port + size / 2, size / 2) << size * 4;
        }
        synchronized (w.owner) {
            return (int) w.device.read(port - w.base, size);
        }
    }

    @Override
    public void out(int port, int size, int value) {
        Window w = windowOf(port);
        if (w == null) {
            return;
        }
        if (port + size > w.base + w.count) {
            out(port, size / 2, value & -1 >>> (32 - size * 4));
            out(port + size / 2, size / 2, value >>> size * 4);
            return;
        }
        synchronized (w.owner) {
            w.device.write(port - w.base, size, value & 0xffff_ffffL >>> (32 - size * 8));
        }
    }

    public int in(int port) {
        return in(port, 1);
    }

    public void out(int port, int value) {
        out(port, 1, value);
    }

    @Override
    public PortIo ports() {
        return this;
    }

    // --- memory

    @Override
    public FakeMemory memory() {
        return memory;
    }

    @Override
    public FakeMemory regions() {
        return memory;
    }

    // --- time

    private final class Timer implements VirtualTimer {
        private final Object owner;
        private final Runnable action;
        private long deadline = Long.MAX_VALUE;

        Timer(Object owner, Runnable action) {
            this.owner = owner;
            this.action = action;
        }

        @Override
        public void arm(long deadlineNanos) {
            deadline = deadlineNanos;
        }

        @Override
        public void cancel() {
            deadline = Long.MAX_VALUE;
        }
    }

    @Override
    public VirtualTimer newTimer(String name, Object owner, Runnable action) {
        Timer t = new Timer(owner, action);
        timers.add(t);
        return t;
    }

    /** Lets time pass, running what falls due at its exact deadline. */
    public void advance(long nanos) {
        long end = now + nanos;
        for (Timer t = next(); t != null && t.deadline <= end; t = next()) {
            now = Math.max(now, t.deadline);
            t.deadline = Long.MAX_VALUE;
            synchronized (t.owner) {
                t.action.run();
            }
        }
        now = end;
    }

    /** As {@link #advance}, but timers run only at the end: a host that was busy. */
    public void stall(long nanos) {
        now += nanos;
        advance(0);
    }

    private Timer next() {
        return timers.stream()
                .min((a, b) -> Long.compare(a.deadline, b.deadline))
                .filter(t -> t.deadline != Long.MAX_VALUE)
                .orElse(null);
    }

    @Override
    public long nanos() {
        return now;
    }

    @Override
    public long epochMillis() {
        return epochMillis + now / 1_000_000;
    }

    @Override
    public VirtualClock clock() {
        return this;
    }

    // --- lines

    private static IrqLine line(boolean[] level, int[] edges, int n) {
        return asserted -> {
            if (asserted && !level[n]) {
                edges[n]++;
            }
            level[n] = asserted;
        };
    }

    @Override
    public IrqLine isaIrq(int n) {
        return line(irq, irqEdges, n);
    }

    @Override
    public IrqLine gsi(int n) {
        return line(gsi, gsiEdges, n);
    }

    @Override
    public DmaChannel isaDma(int channel) {
        return find(IsaDma.class).map(d -> d.channel(channel)).orElse(dma[channel]);
    }

    // --- PCI

    @Override
    public PciBus pci() {
        return this;
    }

    @Override
    public int plug(int device, int function, PciFunction pciFunction) {
        int at = device < 0 ? 3 : device;
        while (device < 0 && functions.containsKey(at * 8 + function)) {
            at++;
        }
        functions.put(at * 8 + function, pciFunction);
        return at;
    }

    @Override
    public void unplug(int device, int function) {
        functions.remove(device * 8 + function);
    }

    @Override
    public int readConfig(int device, int function, int register, int size) {
        PciFunction f = functions.get(device * 8 + function);
        return f == null ? -1 >>> (32 - size * 8) : f.readConfig(register, size);
    }

    @Override
    public void writeConfig(int device, int function, int register, int size, int value) {
        PciFunction f = functions.get(device * 8 + function);
        if (f != null) {
            f.writeConfig(register, size, value);
        }
    }

    /** Every plugged function as {@code device * 8 + function}, for fuzzing. */
    public Set<Integer> functions() {
        return functions.keySet();
    }

    @Override
    public IrqLine intx(int device, int pin) {
        return asserted -> intx[device * 4 + pin] = asserted;
    }

    @Override
    public void setRouter(Router to) {
        router = to;
    }

    // --- services and the host

    @Override
    public <T> void provide(Class<T> type, T service) {
        provided.put(type, service);
    }

    @Override
    public <T> Optional<T> find(Class<T> type) {
        return Optional.ofNullable(provided.get(type)).map(type::cast);
    }

    /** {@link #find}, for what the test knows to be there. */
    public <T> T get(Class<T> type) {
        return find(type).orElseThrow();
    }

    @Override
    public Optional<SerialBackend> serial(int port) {
        return Optional.ofNullable(serials[port]);
    }

    @Override
    public Optional<BlockBackend> drive(String slot) {
        return Optional.ofNullable(drives.get(slot));
    }

    @Override
    public void provideScreen(Screen s) {
        screen = s;
    }

    @Override
    public void provideKeyboard(KeyboardSink k) {
        keyboard = k;
    }

    @Override
    public void providePointer(PointerSink p) {
        pointer = p;
    }

    @Override
    public PowerControl power() {
        return this;
    }

    @Override
    public void powerOff(String by) {
        powerEvents.add("off");
    }

    @Override
    public void reset(String by) {
        powerEvents.add("reset");
    }

    @Override
    public void debugExit(int value) {
        powerEvents.add("exit " + value);
    }

    @Override
    public CpuModel cpuModel() {
        return cpuModel;
    }

    @Override
    public int cpuCount() {
        return cpuCount;
    }

    @Override
    public Optional<String> property(String key) {
        return Optional.ofNullable(properties.get(key));
    }

    @Override
    public Optional<byte[]> firmware(String role) {
        return Optional.ofNullable(firmware.get(role));
    }

    @Override
    public void unimplemented(String device, String register, long value) {
        unimplemented.add(device + " " + register);
    }

    @Override
    public String toString() {
        return "FakePlatform" + Arrays.toString(irq);
    }
}
