package trivium.x86.conformance;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import trivium.hostos.HostMemory;
import trivium.memory.MemoryListener;
import trivium.x86.plain.PlainMemory;

/**
 * 4 MiB of RAM with a page of ROM and one of a device, which both hold what page tables may be put
 * into, and a window that shows one of two banks of RAM.
 */
final class BoardMemory extends PlainMemory {
    static final int SIZE = 4 << 20;
    static final long ROM = 0x1000, DEVICE = 0x2000, WINDOW = 0x3000;

    private final Arena arena;

    /** Whether there are host addresses at all. */
    private final boolean direct;

    private final long other;
    private boolean otherBank;
    private final byte[] device = new byte[PAGE_BYTES];
    private final List<MemoryListener> listeners = new ArrayList<>();

    /** How many listeners there are. */
    int listeners() {
        return listeners.size();
    }

    BoardMemory(Arena arena, boolean direct) {
        super(arena, SIZE);
        this.arena = arena;
        this.direct = direct;
        other = arena.allocate(PAGE_BYTES, PAGE_BYTES).address();
    }

    void release() {
        arena.close();
    }

    private static boolean in(long gpa, long page) {
        return (gpa & -PAGE_BYTES) == page;
    }

    /** Shows the window's other bank, and tells. */
    void switchBank() {
        otherBank = !otherBank;
        List.copyOf(listeners).forEach(MemoryListener::mappingChanged);
    }

    /** Writes what the guest cannot: ROM. */
    void burn(long gpa, int size, long value) {
        HostMemory.put(bytes().address() + gpa, size, value);
    }

    @Override
    protected boolean readable(long gpa) {
        return super.readable(gpa) && !in(gpa, DEVICE);
    }

    @Override
    protected boolean writable(long gpa) {
        return readable(gpa) && !in(gpa, ROM);
    }

    @Override
    protected long readElsewhere(long gpa, int size) {
        if (!in(gpa, DEVICE)) {
            return super.readElsewhere(gpa, size);
        }
        long value = 0;
        for (int i = 0; i < size; i++) {
            value |= (device[(int) gpa + i & PAGE_BYTES - 1] & 0xffL) << 8 * i;
        }
        return value;
    }

    @Override
    protected void writeElsewhere(long gpa, int size, long value) {
        for (int i = 0; in(gpa, DEVICE) && i < size; i++) {
            device[(int) gpa + i & PAGE_BYTES - 1] = (byte) (value >>> 8 * i);
        }
    }

    @Override
    public long readableHost(long gpa) {
        return !direct ? 0 : otherBank && in(gpa, WINDOW) ? other : super.readableHost(gpa);
    }

    @Override
    public long writableHost(long gpa) {
        long host = direct ? super.writableHost(gpa) : 0;
        return host != 0 && otherBank && in(gpa, WINDOW) ? other : host;
    }

    @Override
    public long watchedHost(long gpa) {
        return direct && !(otherBank && in(gpa, WINDOW)) ? super.watchedHost(gpa) : 0;
    }

    @Override
    public long read(long gpa, int size) {
        return otherBank && in(gpa, WINDOW)
                ? HostMemory.get(other + (gpa & PAGE_BYTES - 1), size)
                : super.read(gpa, size);
    }

    @Override
    public void write(long gpa, int size, long value) {
        if (otherBank && in(gpa, WINDOW)) {
            HostMemory.put(other + (gpa & PAGE_BYTES - 1), size, value);
            written(gpa, size);
        } else {
            super.write(gpa, size, value);
        }
    }

    @Override
    public void addListener(MemoryListener listener) {
        listeners.add(listener);
        super.addListener(listener);
    }

    @Override
    public void removeListener(MemoryListener listener) {
        listeners.remove(listener);
        super.removeListener(listener);
    }
}
