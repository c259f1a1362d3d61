package trivium.machine.memory;

import java.lang.foreign.MemorySegment;
import trivium.bus.BusDevice;
import trivium.hostos.HostMemory;
import trivium.machine.board.BusThread;

/** Something a device mapped: memory of its own, or registers. */
final class Region {
    final String name;
    final long sizeBytes;
    final boolean writable;

    /** Null for registers; referenced to keep the memory. */
    final MemorySegment memory;

    private final BusDevice device;
    volatile long base;

    private Region(
            String name,
            long base,
            long sizeBytes,
            MemorySegment memory,
            boolean writable,
            BusDevice device) {
        this.name = name;
        this.base = base;
        this.sizeBytes = sizeBytes;
        this.memory = memory;
        this.writable = writable;
        this.device = device;
    }

    static Region memory(String name, long gpa, MemorySegment memory, boolean writable) {
        return new Region(name, gpa, memory.byteSize(), memory, writable, null);
    }

    static Region registers(String name, long gpa, long sizeBytes, BusDevice device) {
        return new Region(name, gpa, sizeBytes, null, false, device);
    }

    boolean isMemory() {
        return memory != null;
    }

    boolean covers(long gpa) {
        return Long.compareUnsigned(gpa - base, sizeBytes) < 0;
    }

    boolean overlapsPage(long pageGpa) {
        return covers(pageGpa) || Long.compareUnsigned(base - pageGpa, 4096) < 0;
    }

    long hva(long gpa) {
        return memory.address() + (gpa - base);
    }

    /** All ones where the region is no longer: it may have moved since it was looked up. */
    long read(long gpa, int size) {
        long offset = gpa - base;
        if (offset < 0 || offset > sizeBytes - size) {
            return -1;
        }
        if (isMemory()) {
            return HostMemory.get(memory.address() + offset, size);
        }
        BusThread thread = BusThread.enter();
        if (thread == BusThread.INSIDE) {
            return -1;
        }
        try {
            synchronized (device) {
                return device.read(offset, size);
            }
        } finally {
            BusThread.leave(thread);
        }
    }

    void write(long gpa, int size, long value) {
        long offset = gpa - base;
        if (offset < 0 || offset > sizeBytes - size) {
            return;
        }
        if (isMemory()) {
            if (writable) {
                HostMemory.put(memory.address() + offset, size, value);
            }
            return;
        }
        BusThread thread = BusThread.enter();
        if (thread == BusThread.INSIDE) {
            return;
        }
        try {
            synchronized (device) {
                device.write(offset, size, value);
            }
        } finally {
            BusThread.leave(thread);
        }
    }

    @Override
    public String toString() {
        return "%s %#x+%#x".formatted(name, base, sizeBytes);
    }
}
