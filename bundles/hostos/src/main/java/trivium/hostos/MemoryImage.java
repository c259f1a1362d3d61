package trivium.hostos;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * What a memory held at one moment, for others to begin with; nobody changes it. Where the host has
 * a memfd it is made of layers and costs only what they do, else it is a copy.
 */
public final class MemoryImage implements AutoCloseable {
    private final long sizeBytes;

    /** Null if this is a copy; then {@code copy} is not. */
    final Extents extents;

    final MemorySegment copy;
    private final Arena arena;
    private boolean closed;

    MemoryImage(long sizeBytes, Extents extents) {
        this.sizeBytes = sizeBytes;
        this.extents = new Extents(extents);
        copy = null;
        arena = null;
    }

    MemoryImage(MemorySegment content) {
        sizeBytes = content.byteSize();
        extents = null;
        arena = Arena.ofShared();
        copy = arena.allocate(sizeBytes, Memfd.PAGE_BYTES).copyFrom(content);
    }

    public long sizeBytes() {
        return sizeBytes;
    }

    /** How many mappings a memory needs that becomes this. */
    public int mappings() {
        return extents == null ? 0 : extents.count();
    }

    /** Those that became this keep what they have. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        if (extents != null) {
            extents.clear();
        } else {
            arena.close();
        }
    }
}
