package trivium.hostos;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import trivium.hostos.Extents.Extent;

/**
 * Zeroed memory for a guest at addresses that never change. At first it is one memfd mapped shared,
 * so that others can map the same pages; where the host has no memfd, plain memory without a
 * descriptor. {@link #freeze} and {@link #become} make it share pages with other memories: it is
 * then mapped privately over layers, and the host's MMU gives it a page of its own for each that is
 * written. {@link #release} gives the pages back at once but the addresses stay mapped until this
 * object and its segment are unreachable: a late access can read zeros, never fault.
 */
public final class SharedMemory {
    private static final Logger LOG = LoggerFactory.getLogger(SharedMemory.class);

    /** More pieces than that are made one; runs of written pages are joined over so few others. */
    private static final int MOST_PIECES = 4096, JOIN_BYTES = 4 * Memfd.PAGE_BYTES;

    private final String name;
    private final MemorySegment segment;

    // Guarded by this.
    /** Null where the host has none, and once it is mapped privately. */
    private Memfd memfd;

    /** Null unless it is mapped privately. */
    private Extents extents;

    private boolean released;

    private SharedMemory(String name, MemorySegment segment, Memfd memfd) {
        this.name = name;
        this.segment = segment;
        this.memfd = memfd;
    }

    /**
     * @param sizeBytes a positive multiple of 4096
     * @throws IOException if the host has not that much
     */
    public static SharedMemory allocate(String name, long sizeBytes) throws IOException {
        Memfd.requireWholePages(name, sizeBytes);
        if (Memfd.available()) {
            return memfd(name, sizeBytes);
        }
        LOG.info("{}: no memfd on this host, using private memory", name);
        return anonymous(name, sizeBytes);
    }

    static SharedMemory anonymous(String name, long sizeBytes) throws IOException {
        try {
            return new SharedMemory(
                    name, Arena.ofAuto().allocate(sizeBytes, Memfd.PAGE_BYTES), null);
        } catch (OutOfMemoryError e) {
            throw new IOException("%s: no %d bytes of memory".formatted(name, sizeBytes), e);
        }
    }

    private static SharedMemory memfd(String name, long sizeBytes) throws IOException {
        Memfd memfd = Memfd.create(name, sizeBytes);
        try {
            return new SharedMemory(name, memfd.map(Memfd.PROT_READ | Memfd.PROT_WRITE), memfd);
        } catch (IOException e) {
            memfd.release();
            throw e;
        }
    }

    public MemorySegment segment() {
        return segment;
    }

    /** The host address of the first byte. */
    public long hva() {
        return segment.address();
    }

    public long sizeBytes() {
        return segment.byteSize();
    }

    /**
     * The memfd whose pages these are, for those that map them too; -1 where there is none, and
     * from the moment on when pages are shared with other memories.
     */
    public synchronized int fd() {
        return memfd == null ? -1 : memfd.fd();
    }

    // --- pages in common with other memories

    /**
     * Keeps the present content for others to begin with, at the cost of the pages written since
     * the last time. Nobody writes meanwhile.
     *
     * @throws IOException if the host has not that much memory, or too many mappings are in use;
     *     the content stays
     */
    public synchronized MemoryImage freeze() throws IOException {
        if (memfd == null && extents == null || released) {
            return new MemoryImage(segment);
        }
        if (extents == null) {
            freezeMemfd();
        } else {
            freezeWritten();
        }
        return new MemoryImage(sizeBytes(), extents);
    }

    private void freezeMemfd() throws IOException {
        Layer layer = new Layer(memfd);
        Memfd.mapPrivate(hva(), sizeBytes(), memfd.fd(), 0);
        memfd = null;
        extents = new Extents(sizeBytes());
        extents.replace(new Extent(0, sizeBytes(), layer, 0));
        Mappings.count(1);
    }

    private void freezeWritten() throws IOException {
        List<long[]> runs = new ArrayList<>();
        Pagemap.forEach(
                Pagemap.Kind.ANONYMOUS, hva(), sizeBytes(), (at, n) -> addJoined(runs, at, n));
        if (extents.count() + 2 * runs.size() > MOST_PIECES) {
            freezeAll();
        } else if (!runs.isEmpty()) {
            Mappings.require(2 * runs.size());
            putDown(runs);
        }
    }

    private static void addJoined(List<long[]> runs, long offset, long length) {
        if (!runs.isEmpty()) {
            long[] last = runs.getLast();
            if (offset - last[0] - last[1] <= JOIN_BYTES) {
                last[1] = offset + length - last[0];
                return;
            }
        }
        runs.add(new long[] {offset, length});
    }

    /** Makes one piece of all. */
    private void freezeAll() throws IOException {
        Layer layer = newLayer();
        try {
            for (Extent extent : extents.list()) {
                copyData(extent, layer);
            }
            Pagemap.forEach(
                    Pagemap.Kind.ANONYMOUS,
                    hva(),
                    sizeBytes(),
                    (at, n) -> layer.write(at, hva() + at, n));
            map(new Extent(0, sizeBytes(), layer, 0));
        } finally {
            layer.release();
        }
    }

    /** What lies in the layer below; also what was written over it, page by page. */
    private void copyData(Extent extent, Layer to) throws IOException {
        long shift = extent.offset() - extent.at();
        if (extent.layer() != null) {
            extent.layer()
                    .forEachData(
                            extent.at(),
                            extent.length(),
                            (at, n) -> to.write(at + shift, hva() + at + shift, n));
        }
    }

    private void putDown(List<long[]> runs) throws IOException {
        Layer layer = newLayer();
        try {
            for (long[] run : runs) {
                layer.write(run[0], hva() + run[0], run[1]);
            }
            for (long[] run : runs) {
                map(new Extent(run[0], run[1], layer, run[0]));
            }
        } finally {
            layer.release();
        }
    }

    /** An empty one of this size, retained. */
    private Layer newLayer() throws IOException {
        Layer layer = new Layer(Memfd.create(name, sizeBytes()));
        layer.retain();
        return layer;
    }

    private void map(Extent piece) throws IOException {
        int fd = piece.layer() == null ? -1 : piece.layer().fd();
        int before = extents.count();
        Memfd.mapPrivate(hva() + piece.offset(), piece.length(), fd, piece.at());
        extents.replace(piece);
        Mappings.count(extents.count() - before);
    }

    /**
     * Takes the content of another memory of the same size; its pages are shared until one of both
     * writes. Nobody reads or writes meanwhile.
     *
     * @throws IOException if too many mappings are in use; this memory must be released then
     */
    public synchronized void become(MemoryImage image) throws IOException {
        if (image.sizeBytes() != sizeBytes()) {
            throw new IllegalArgumentException(
                    "%s: %d bytes into %d".formatted(name, image.sizeBytes(), sizeBytes()));
        }
        if (image.copy != null) {
            segment.copyFrom(image.copy);
            return;
        }
        Mappings.require(image.mappings());
        toPrivate();
        for (Extent extent : image.extents.list()) {
            map(extent);
        }
    }

    /** Zeros of its own in place of what it had. */
    private void toPrivate() throws IOException {
        Memfd.mapPrivate(hva(), sizeBytes(), -1, 0);
        if (memfd != null) {
            memfd.release();
            memfd = null;
        }
        if (extents != null) {
            Mappings.count(-extents.count());
            extents.clear();
        }
        extents = new Extents(sizeBytes());
        Mappings.count(1);
    }

    /** Gives the pages back; contents are zero from now on. Call once nobody needs them. */
    public synchronized void release() {
        if (released) {
            return;
        }
        released = true;
        if (memfd != null) {
            memfd.release();
        } else if (extents != null) {
            try {
                toPrivate();
                Mappings.count(-extents.count());
            } catch (IOException e) {
                LOG.warn("{}: memory is freed only when it is collected", name, e);
            }
        }
    }
}
