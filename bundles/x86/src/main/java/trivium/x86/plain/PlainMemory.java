package trivium.x86.plain;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import trivium.hostos.HostMemory;
import trivium.hostos.PageTable;
import trivium.memory.MemoryListener;
import trivium.memory.PhysicalMemory;
import trivium.memory.SharedPages;

/**
 * RAM from address 0 on and nothing above it; subclasses make some of its pages ROM or devices. One
 * thread writes.
 */
public class PlainMemory implements PhysicalMemory {
    private final MemorySegment bytes;
    private final long host;

    /** How many watch each page. */
    private final int[] watchers;

    private final List<MemoryListener> listeners = new CopyOnWriteArrayList<>();
    private final List<WriteListener> writeListeners = new CopyOnWriteArrayList<>();

    /** For {@link #shared}; null until somebody asks. */
    private PageTable readablePages, writablePages;

    /**
     * @param arena lives as long as this is used
     */
    public PlainMemory(Arena arena, long sizeBytes) {
        this(arena.allocate(sizeBytes, PAGE_BYTES));
    }

    /**
     * @param bytes whole pages, that stay where they are
     */
    protected PlainMemory(MemorySegment bytes) {
        this.bytes = bytes;
        host = bytes.address();
        watchers = new int[(int) (bytes.byteSize() + PAGE_BYTES - 1 >>> 12)];
    }

    // ---- for subclasses

    /** All of it, ROM and the place of devices included. */
    protected final MemorySegment bytes() {
        return bytes;
    }

    private boolean inside(long gpa) {
        return gpa >= 0 && gpa < bytes.byteSize();
    }

    /** Whether there is RAM or ROM. */
    protected boolean readable(long gpa) {
        return inside(gpa);
    }

    /** Whether there is RAM. */
    protected boolean writable(long gpa) {
        return readable(gpa);
    }

    /** A read where there is no RAM nor ROM. */
    protected long readElsewhere(long gpa, int size) {
        return -1L >>> 64 - 8 * size;
    }

    /** A write where there is no RAM. */
    protected void writeElsewhere(long gpa, int size, long value) {}

    /** Tells the listeners of a page's RAM that was written. */
    protected final void written(long gpa, int length) {
        writeListeners.forEach(listener -> listener.written(gpa));
        if (tracked(gpa)) {
            listeners.forEach(listener -> listener.codeWritten(gpa, length));
        }
    }

    private boolean tracked(long gpa) {
        return inside(gpa) && watchers[(int) (gpa >>> 12)] != 0;
    }

    // ---- accesses

    @Override
    public long ramBytes() {
        return bytes.byteSize();
    }

    @Override
    public long readableHost(long gpa) {
        return readable(gpa) ? host + (gpa & -PAGE_BYTES) : 0;
    }

    @Override
    public long writableHost(long gpa) {
        return writable(gpa) && !tracked(gpa) ? host + (gpa & -PAGE_BYTES) : 0;
    }

    @Override
    public Optional<SharedPages> shared() {
        if (readablePages == null) {
            readablePages = new PageTable();
            writablePages = new PageTable();
            for (long gpa = 0; inside(gpa); gpa += PAGE_BYTES) {
                share(gpa);
            }
        }
        return Optional.of(new SharedPages(readablePages.hva(), writablePages.hva()));
    }

    private void share(long gpa) {
        if (readablePages != null) {
            readablePages.set(gpa, readableHost(gpa));
            writablePages.set(gpa, writableHost(gpa));
        }
    }

    @Override
    public long read(long gpa, int size) {
        return readable(gpa) ? HostMemory.get(host + gpa, size) : readElsewhere(gpa, size);
    }

    @Override
    public void write(long gpa, int size, long value) {
        if (writable(gpa)) {
            HostMemory.put(host + gpa, size, value);
            written(gpa, size);
        } else {
            writeElsewhere(gpa, size, value);
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
        for (int done = 0, piece; done < length; done += piece) {
            long at = gpa + done;
            piece = (int) Math.min(length - done, PAGE_BYTES - (at & PAGE_BYTES - 1));
            if (writable(at)) {
                MemorySegment.copy(from, offset + done, bytes, JAVA_BYTE, at, piece);
                written(at, piece);
            } else {
                for (int i = 0; i < piece; i++) {
                    writeElsewhere(at + i, 1, from[offset + done + i]);
                }
            }
        }
    }

    // ---- code

    @Override
    public void trackCode(long gpa) {
        if (inside(gpa) && watchers[(int) (gpa >>> 12)]++ <= 1) {
            listeners.forEach(listener -> listener.codeTracked(gpa));
            share(gpa);
        }
    }

    @Override
    public long watchedHost(long gpa) {
        boolean once = inside(gpa) && watchers[(int) (gpa >>> 12)] == 1;
        boolean alone = once && writeListeners.isEmpty();
        return alone && writable(gpa) ? host + (gpa & -PAGE_BYTES) : 0;
    }

    @Override
    public void untrackCode(long gpa) {
        if (tracked(gpa) && --watchers[(int) (gpa >>> 12)] == 0) {
            share(gpa);
        }
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
    public void dropStores() {
        listeners.forEach(MemoryListener::storesStale);
    }

    @Override
    public void addWriteListener(WriteListener listener) {
        writeListeners.add(listener);
    }

    @Override
    public void removeWriteListener(WriteListener listener) {
        writeListeners.remove(listener);
    }

    @Override
    public long a20Mask() {
        return -1;
    }

    @Override
    public void setA20(boolean open) {}
}
