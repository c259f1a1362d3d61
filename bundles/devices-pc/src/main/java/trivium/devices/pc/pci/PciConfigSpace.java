package trivium.devices.pc.pci;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import trivium.bus.PciFunction;

/**
 * The 256 bytes of configuration space of a PCI function (PCI Local Bus 3.0, chapter 6) with type-0
 * header: which bits a guest may change, where its BARs lie, who hears of a move. A model declares
 * its header once, in its constructor; from then on configuration cycles do the rest.
 *
 * <p>Configuration cycles take {@code owner}'s monitor, since they come in under the host bridge's.
 * Listeners are called with it held.
 */
public final class PciConfigSpace implements PciFunction {
    public static final int VENDOR_ID = 0x00, DEVICE_ID = 0x02, COMMAND = 0x04, STATUS = 0x06;
    public static final int REVISION = 0x08, HEADER_TYPE = 0x0e, BAR0 = 0x10;
    public static final int SUBSYSTEM_VENDOR_ID = 0x2c, SUBSYSTEM_ID = 0x2e, ROM_BAR = 0x30;
    public static final int CAPABILITIES = 0x34, INTERRUPT_LINE = 0x3c, INTERRUPT_PIN = 0x3d;
    public static final int COMMAND_IO = 1, COMMAND_MEMORY = 2, COMMAND_MASTER = 4;
    public static final int COMMAND_INTX_DISABLE = 1 << 10;
    private static final int STATUS_CAPABILITIES = 1 << 4;
    private static final int STATUS_W1C = 0xf900;
    private static final int ROM_ENABLE = 1;

    /** Told where a BAR decodes now. */
    @FunctionalInterface
    public interface BarListener {
        long UNMAPPED = -1;

        /**
         * @param base bus address, or {@link #UNMAPPED} when decoding is off or the place
         *     impossible
         */
        void moved(long base);
    }

    /** Told after a write of registers it asked for. */
    @FunctionalInterface
    public interface WriteListener {
        void written(int register, int size);
    }

    /**
     * @param bytes registers as the guest reads them
     */
    public record State(byte[] bytes) {}

    private enum Kind {
        IO,
        MEMORY,
        MEMORY64,
        ROM
    }

    private static final class Bar {
        final int register;
        final Kind kind;
        final long sizeBytes;
        final BarListener listener;
        long base = BarListener.UNMAPPED;

        Bar(int register, Kind kind, long sizeBytes, BarListener listener) {
            this.register = register;
            this.kind = kind;
            this.sizeBytes = sizeBytes;
            this.listener = listener;
        }
    }

    private record Watch(int from, int to, WriteListener listener) {}

    private final Object owner;
    private final byte[] value = new byte[256];
    private final byte[] initial = new byte[256];
    private final byte[] writable = new byte[256];
    private final byte[] writeOneToClear = new byte[256];
    private final List<Bar> bars = new ArrayList<>();
    private final List<Watch> watches = new ArrayList<>();
    private int nextCapability = 0x40;

    /**
     * @param owner the device whose monitor guards this
     * @param classCode class, subclass and interface, as 24 bits
     */
    public PciConfigSpace(Object owner, int vendorId, int deviceId, int classCode, int revision) {
        this.owner = owner;
        set(VENDOR_ID, 2, vendorId);
        set(DEVICE_ID, 2, deviceId);
        set(REVISION, 4, classCode << 8 | revision & 0xff);
        writable(COMMAND, 2, COMMAND_MASTER | 0x140 | COMMAND_INTX_DISABLE);
        writable(0x0c, 2, 0xffff); // cache line size and latency timer: scratch for us
        writable(INTERRUPT_LINE, 1, 0xff);
        put(writeOneToClear, STATUS, 2, STATUS_W1C);
    }

    public PciConfigSpace subsystem(int vendorId, int id) {
        set(SUBSYSTEM_VENDOR_ID, 2, vendorId);
        return set(SUBSYSTEM_ID, 2, id);
    }

    /** Says that other functions of this device exist too. Declared on function 0. */
    public PciConfigSpace multifunction() {
        return set(HEADER_TYPE, 1, 0x80);
    }

    /**
     * @param pin 0 to 3 for INTA# to INTD#
     */
    public PciConfigSpace interruptPin(int pin) {
        return set(INTERRUPT_PIN, 1, pin + 1);
    }

    /** Gives registers the value they have after reset. */
    public PciConfigSpace set(int register, int size, int bits) {
        put(value, register, size, bits);
        put(initial, register, size, bits);
        return this;
    }

    /** Changes what the guest reads, but not the value after reset. */
    public void update(int register, int size, int bits) {
        put(value, register, size, bits);
    }

    /** Lets the guest change these bits, beside those it may change already. */
    public PciConfigSpace writable(int register, int size, int mask) {
        for (int i = 0; i < size; i++) {
            writable[register + i] |= (byte) (mask >>> 8 * i);
        }
        return this;
    }

    public PciConfigSpace ioBar(int index, int sizeBytes, BarListener listener) {
        writable(COMMAND, 2, COMMAND_IO);
        set(BAR0 + 4 * index, 4, 1);
        return bar(BAR0 + 4 * index, Kind.IO, sizeBytes, -sizeBytes & ~3, listener);
    }

    public PciConfigSpace memoryBar(
            int index, long sizeBytes, boolean prefetchable, BarListener listener) {
        writable(COMMAND, 2, COMMAND_MEMORY);
        set(BAR0 + 4 * index, 4, prefetchable ? 8 : 0);
        int mask = (int) -sizeBytes & ~0xf;
        return bar(BAR0 + 4 * index, Kind.MEMORY, sizeBytes, mask, listener);
    }

    /** A 64-bit memory BAR: takes {@code index} and the next one. */
    public PciConfigSpace memoryBar64(
            int index, long sizeBytes, boolean prefetchable, BarListener listener) {
        writable(COMMAND, 2, COMMAND_MEMORY);
        int register = BAR0 + 4 * index;
        set(register, 4, prefetchable ? 0xc : 4);
        writable(register + 4, 4, (int) (-sizeBytes >>> 32));
        return bar(register, Kind.MEMORY64, sizeBytes, (int) -sizeBytes & ~0xf, listener);
    }

    public PciConfigSpace romBar(int sizeBytes, BarListener listener) {
        writable(COMMAND, 2, COMMAND_MEMORY);
        return bar(ROM_BAR, Kind.ROM, sizeBytes, -sizeBytes & ~0x7ff | ROM_ENABLE, listener);
    }

    private PciConfigSpace bar(int register, Kind kind, long size, int mask, BarListener l) {
        if (size < 4 || Long.bitCount(size) != 1) {
            throw new IllegalArgumentException("BAR size " + size);
        }
        writable(register, 4, mask);
        bars.add(new Bar(register, kind, size, l));
        return this;
    }

    /**
     * Adds a capability to the end of the list.
     *
     * @param body what follows id and next pointer
     * @param bodyWritable the bits of it that the guest may change
     * @return its offset in configuration space
     */
    public int capability(int id, byte[] body, byte[] bodyWritable) {
        int at = nextCapability;
        if (at + 2 + body.length > 256) {
            throw new IllegalArgumentException("no room for capability " + id);
        }
        int link = CAPABILITIES;
        while (value[link] != 0) {
            link = (value[link] & 0xff) + 1;
        }
        set(link, 1, at);
        set(at, 1, id);
        for (int i = 0; i < body.length; i++) {
            set(at + 2 + i, 1, body[i]);
            writable(at + 2 + i, 1, bodyWritable[i]);
        }
        set(STATUS, 2, get(STATUS, 2) | STATUS_CAPABILITIES);
        nextCapability = at + 2 + body.length + 3 & ~3;
        return at;
    }

    /** Asks to hear of writes that touch [from, to). */
    public PciConfigSpace onWrite(int from, int to, WriteListener listener) {
        watches.add(new Watch(from, to, listener));
        return this;
    }

    /** A register as it stands. */
    public int get(int register, int size) {
        int bits = 0;
        for (int i = 0; i < size; i++) {
            bits |= (value[register + i & 0xff] & 0xff) << 8 * i;
        }
        return bits;
    }

    public boolean busMaster() {
        return (value[COMMAND] & COMMAND_MASTER) != 0;
    }

    public boolean interruptsDisabled() {
        return (get(COMMAND, 2) & COMMAND_INTX_DISABLE) != 0;
    }

    @Override
    public int readConfig(int register, int size) {
        synchronized (owner) {
            return get(register, size);
        }
    }

    @Override
    public void writeConfig(int register, int size, int bits) {
        synchronized (owner) {
            for (int i = 0; i < size; i++) {
                writeByte(register + i & 0xff, bits >>> 8 * i);
            }
            remap();
            for (Watch watch : watches) {
                if (register < watch.to && register + size > watch.from) {
                    watch.listener.written(register, size);
                }
            }
        }
    }

    private void writeByte(int register, int bits) {
        int old = value[register];
        int mask = writable[register];
        int cleared = bits & writeOneToClear[register];
        value[register] = (byte) ((old & ~mask | bits & mask) & ~cleared);
    }

    /** Back to the declared values: BARs stop decoding. */
    public void reset() {
        System.arraycopy(initial, 0, value, 0, value.length);
        remap();
    }

    public State save() {
        return new State(value.clone());
    }

    public void restore(State state) {
        if (state.bytes.length != value.length) {
            throw new IllegalArgumentException("PCI state of " + state.bytes.length + " bytes");
        }
        System.arraycopy(state.bytes, 0, value, 0, value.length);
        remap();
    }

    /** Unmaps every BAR, for a device that is removed. */
    public void close() {
        Arrays.fill(value, COMMAND, COMMAND + 2, (byte) 0);
        remap();
    }

    private void remap() {
        for (Bar bar : bars) {
            long base = decode(bar);
            if (base != bar.base) {
                bar.base = base;
                bar.listener.moved(base);
            }
        }
    }

    /** As chipsets of the time do: a BAR at 0 or at the top of its space is not decoded. */
    private long decode(Bar bar) {
        int command = get(COMMAND, 2);
        boolean on = (command & (bar.kind == Kind.IO ? COMMAND_IO : COMMAND_MEMORY)) != 0;
        long raw = get(bar.register, 4) & 0xffff_ffffL;
        if (!on || bar.kind == Kind.ROM && (raw & ROM_ENABLE) == 0) {
            return BarListener.UNMAPPED;
        }
        if (bar.kind == Kind.MEMORY64) {
            raw |= (long) get(bar.register + 4, 4) << 32;
        }
        long base = raw & -bar.sizeBytes & (bar.kind == Kind.IO ? ~3L : ~0xfL);
        return base == 0 || !inside(bar, base) ? BarListener.UNMAPPED : base;
    }

    private static boolean inside(Bar bar, long base) {
        long last = base + bar.sizeBytes - 1;
        return switch (bar.kind) {
            case IO -> last <= 0xffff;
            case MEMORY, ROM -> last < 0xffff_ffffL;
            case MEMORY64 -> last > 0 && last < 1L << 52 && last != 0xffff_ffffL;
        };
    }

    private static void put(byte[] into, int register, int size, int bits) {
        for (int i = 0; i < size; i++) {
            into[register + i] = (byte) (bits >>> 8 * i);
        }
    }
}
