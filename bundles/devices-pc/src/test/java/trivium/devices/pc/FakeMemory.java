package trivium.devices.pc;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import trivium.bus.BusDevice;
import trivium.memory.MemoryListener;
import trivium.memory.MemoryRegions;
import trivium.memory.PhysicalMemory;

/** RAM as an array (its stated size may be larger), and what the device mapped over it. */
public final class FakeMemory implements PhysicalMemory, MemoryRegions {
    private static final int BACKED = 16 << 20, MOST_DISCARDED = 10_000;

    /** One mapping; {@code device} or {@code segment} is null. */
    public static final class Region implements Mapping {
        public final String name;
        public final long sizeBytes;
        public final BusDevice device;
        public final MemorySegment segment;
        public final boolean writable;
        public long gpa;
        public boolean open = true;

        Region(String n, long gpa, long size, BusDevice d, MemorySegment s, boolean writable) {
            name = n;
            sizeBytes = size;
            device = d;
            segment = s;
            this.writable = writable;
            this.gpa = gpa;
        }

        @Override
        public void moveTo(long to) {
            gpa = to;
        }

        @Override
        public void close() {
            open = false;
        }
    }

    public final byte[] ram;
    public final List<Region> mapped = new ArrayList<>();

    /** The first pages that were discarded. */
    public final List<Long> discarded = new ArrayList<>();

    /** Each call of setShadow, as text. */
    public final List<String> shadows = new ArrayList<>();

    private final long ramBytes;
    private boolean a20 = true;

    FakeMemory(long ramBytes) {
        this.ramBytes = ramBytes;
        ram = new byte[(int) Math.min(ramBytes, BACKED)];
    }

    private Region regionOf(long gpa) {
        for (Region r : mapped.reversed()) {
            if (r.open && gpa >= r.gpa && gpa < r.gpa + r.sizeBytes) {
                return r;
            }
        }
        return null;
    }

    @Override
    public long read(long gpa, int size) {
        Region r = regionOf(gpa);
        if (r != null && r.device != null) {
            synchronized (r.device) {
                return r.device.read(gpa - r.gpa, size);
            }
        }
        long value = 0;
        for (int i = size - 1; i >= 0; i--) {
            value = value << 8 | readByte(r, gpa + i) & 0xff;
        }
        return value;
    }

    private int readByte(Region r, long gpa) {
        if (r != null) {
            return r.segment.get(ValueLayout.JAVA_BYTE, gpa - r.gpa);
        }
        return gpa >= 0 && gpa < ram.length ? ram[(int) gpa] : -1;
    }

    @Override
    public void write(long gpa, int size, long value) {
        Region r = regionOf(gpa);
        if (r != null && r.device != null) {
            synchronized (r.device) {
                r.device.write(gpa - r.gpa, size, value);
            }
            return;
        }
        for (int i = 0; i < size; i++) {
            writeByte(r, gpa + i, (byte) (value >>> i * 8));
        }
    }

    private void writeByte(Region r, long gpa, byte value) {
        if (r != null) {
            if (r.writable) {
                r.segment.set(ValueLayout.JAVA_BYTE, gpa - r.gpa, value);
            }
        } else if (gpa >= 0 && gpa < ram.length) {
            ram[(int) gpa] = value;
        }
    }

    @Override
    public void read(long gpa, byte[] into, int offset, int length) {
        for (int i = 0; i < length; i++) {
            into[offset + i] = (byte) read(gpa + i, 1);
        }
    }

    @Override
    public void write(long gpa, byte[] from, int offset, int length) {
        for (int i = 0; i < length; i++) {
            write(gpa + i, 1, from[offset + i] & 0xff);
        }
    }

    @Override
    public MemorySegment allocate(String name, long sizeBytes) {
        return Arena.ofAuto().allocate(sizeBytes, PAGE_BYTES);
    }

    @Override
    public Region mapMemory(String name, long gpa, MemorySegment memory, boolean writable) {
        return add(new Region(name, gpa, memory.byteSize(), null, memory, writable));
    }

    @Override
    public Region mapMmio(String name, long gpa, long sizeBytes, BusDevice device) {
        return add(new Region(name, gpa, sizeBytes, device, null, true));
    }

    private Region add(Region r) {
        mapped.add(r);
        return r;
    }

    @Override
    public void setShadow(long gpa, long sizeBytes, boolean readRam, boolean writeRam) {
        shadows.add(
                "%x+%x %s%s".formatted(gpa, sizeBytes, readRam ? "r" : "-", writeRam ? "w" : "-"));
    }

    @Override
    public long ramBytes() {
        return ramBytes;
    }

    @Override
    public long readableHost(long gpa) {
        return 0;
    }

    @Override
    public long writableHost(long gpa) {
        return 0;
    }

    @Override
    public void discard(long gpa) {
        if (discarded.size() < MOST_DISCARDED) {
            discarded.add(gpa);
        }
    }

    @Override
    public void trackCode(long gpa) {}

    @Override
    public void untrackCode(long gpa) {}

    @Override
    public void addListener(MemoryListener listener) {}

    @Override
    public void removeListener(MemoryListener listener) {}

    @Override
    public long a20Mask() {
        return a20 ? -1L : ~(1L << 20);
    }

    @Override
    public void setA20(boolean open) {
        a20 = open;
    }
}
