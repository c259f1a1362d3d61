package trivium.x86;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import trivium.hostos.HostMemory;
import trivium.memory.MemoryListener;
import trivium.memory.PhysicalMemory;

/** Plain RAM from address 0; nothing above it. */
final class TestMemory implements PhysicalMemory {
    private final long bytes;
    private final long host;
    private final Set<Long> code = new HashSet<>();
    private final List<MemoryListener> listeners = new ArrayList<>();

    TestMemory(long bytes) {
        this.bytes = bytes;
        MemorySegment ram = Arena.ofAuto().allocate(bytes, PAGE_BYTES);
        host = ram.address();
        keep = ram;
    }

    /** Holds the allocation as long as this object lives. */
    private final MemorySegment keep;

    @Override
    public long ramBytes() {
        return keep.byteSize();
    }

    private boolean inside(long gpa) {
        return gpa >= 0 && gpa < bytes;
    }

    @Override
    public long readableHost(long gpa) {
        return inside(gpa) ? host + (gpa & -PAGE_BYTES) : 0;
    }

    @Override
    public long writableHost(long gpa) {
        return code.contains(gpa >>> 12) ? 0 : readableHost(gpa);
    }

    @Override
    public long read(long gpa, int size) {
        return inside(gpa) ? HostMemory.get(host + gpa, size) : -1L >>> 64 - 8 * size;
    }

    @Override
    public void write(long gpa, int size, long value) {
        if (inside(gpa)) {
            HostMemory.put(host + gpa, size, value);
            if (code.contains(gpa >>> 12)) {
                listeners.forEach(listener -> listener.codeWritten(gpa, size));
            }
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
            write(gpa + i, 1, from[offset + i]);
        }
    }

    @Override
    public void trackCode(long gpa) {
        listeners.forEach(listener -> listener.codeTracked(gpa));
        code.add(gpa >>> 12);
    }

    @Override
    public void untrackCode(long gpa) {
        code.remove(gpa >>> 12);
    }

    @Override
    public void addListener(MemoryListener listener) {
        listeners.add(listener);
    }

    @Override
    public void removeListener(MemoryListener listener) {
        listeners.remove(listener);
    }

    @Override
    public long a20Mask() {
        return -1;
    }

    @Override
    public void setA20(boolean open) {}
}
