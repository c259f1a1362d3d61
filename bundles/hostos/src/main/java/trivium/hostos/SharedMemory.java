package trivium.hostos;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
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
    private static final int MOST_PIECES = 8192, JOIN_PAGES = 4;

    /** From so many on, all but the largest become one. */
    private static final int MOST_LAYERS = 32;

    private static final MemorySegment ZEROS =
            MemorySegment.ofArray(new long[Memfd.PAGE_BYTES / Long.BYTES]).asReadOnly();

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
            return new SharedMemory(name, memfd.map(Mman.PROT_READ | Mman.PROT_WRITE), memfd);
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
        Mman.mapPrivate(hva(), sizeBytes(), memfd.fd(), 0);
        memfd = null;
        extents = new Extents(sizeBytes());
        extents.replace(new Extent(0, sizeBytes(), layer, 0));
        Mappings.count(1);
    }

    private void freezeWritten() throws IOException {
        BitSet pages = new BitSet();
        forEachWritten((at, n) -> pages.set(page(at), page(at + n)));
        Map<Layer, Long> layers = extents.layers();
        if (layers.size() > MOST_LAYERS) {
            addAllButLargest(layers, pages);
        }
        List<long[]> runs = joined(pages);
        if (extents.count() + 2 * runs.size() > MOST_PIECES) {
            freezeAll();
        } else if (!runs.isEmpty()) {
            Mappings.require(2 * runs.size());
            putDown(runs);
        }
    }

    /** Small layers become one, so that those can go whose pages are mostly written over. */
    private void addAllButLargest(Map<Layer, Long> layers, BitSet pages) throws IOException {
        Layer largest = Collections.max(layers.entrySet(), Map.Entry.comparingByValue()).getKey();
        for (Extent extent : extents.list()) {
            Layer layer = extent.layer();
            if (layer != null && layer != largest && !layer.lookedAfter) {
                forEachShared(extent, (at, n) -> pages.set(page(at), page(at + n)));
            }
        }
    }

    /** As offset and length; over a few pages between two runs. */
    private static List<long[]> joined(BitSet pages) {
        List<long[]> runs = new ArrayList<>();
        for (int from = pages.nextSetBit(0); from >= 0; ) {
            int end = pages.nextClearBit(from), next = pages.nextSetBit(end);
            while (next >= 0 && next - end <= JOIN_PAGES) {
                end = pages.nextClearBit(next);
                next = pages.nextSetBit(end);
            }
            runs.add(new long[] {bytes(from), bytes(end - from)});
            from = next;
        }
        return runs;
    }

    /** Makes one piece of all. */
    private void freezeAll() throws IOException {
        Layer layer = newLayer();
        try {
            forEachShared((at, n) -> layer.write(at, hva() + at, n));
            forEachWritten((at, n) -> layer.write(at, hva() + at, n));
            map(new Extent(0, sizeBytes(), layer, 0));
        } finally {
            layer.release();
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
        Mman.mapPrivate(hva() + piece.offset(), piece.length(), fd, piece.at());
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

    // --- pages in common by content

    /**
     * Gives it pages of its own wherever it is written, so that it can have pages of a store. Only
     * while it is all zeros and nobody uses it.
     *
     * @throws IOException if this host cannot
     */
    public synchronized void makePrivate() throws IOException {
        if (memfd == null && extents == null) {
            throw new IOException("this host has no memfd");
        }
        Mappings.require(1);
        toPrivate();
    }

    /** Which pages of a range are its own, by their number in the memory. */
    public synchronized BitSet ownPages(long offset, long length) throws IOException {
        BitSet own = new BitSet();
        if (extents != null) {
            Pagemap.forEach(
                    Pagemap.Kind.OWN,
                    hva() + offset,
                    length,
                    (at, n) -> own.set(page(offset + at), page(offset + at + n)));
        }
        return own;
    }

    /**
     * Sees pages of a store in place of its own where they are equal; the others stay its own.
     * Nobody writes meanwhile.
     *
     * @param page the first of this memory
     * @param slot the first of the store
     * @return how many were equal; fewer than {@code pages} also if there are too many pieces
     */
    public synchronized int merge(int page, int pages, ContentStore store, int slot, int mostPieces)
            throws IOException {
        if (extents == null || released) {
            return 0;
        }
        BitSet equal = equal(page, pages, store, slot);
        if (equal.isEmpty()) {
            return 0;
        }
        Extent piece = store.piece(bytes(page), bytes(pages), slot);
        if (!extents.has(piece)) {
            if (extents.count() + 2 > mostPieces || Mappings.used() + 2 > Mappings.most()) {
                return 0;
            }
            store.see(slot, pages);
            mapBelow(piece, page, equal);
        }
        for (int i = equal.nextSetBit(0); i >= 0; i = equal.nextSetBit(i)) {
            int end = equal.nextClearBit(i);
            Mman.dropPrivate(hva() + bytes(page + i), bytes(end - i));
            i = end;
        }
        return equal.cardinality();
    }

    private BitSet equal(int page, int pages, ContentStore store, int slot) {
        BitSet equal = new BitSet();
        for (int i = 0; i < pages; i++) {
            if (store.isFilled(slot + i)) {
                MemorySegment mine = segment.asSlice(bytes(page + i), Memfd.PAGE_BYTES);
                equal.set(i, mine.mismatch(store.page(slot + i)) < 0);
            }
        }
        return equal;
    }

    /** Maps a piece; pages that are not equal are written again. */
    private void mapBelow(Extent piece, int page, BitSet equal) throws IOException {
        int pages = page(piece.length());
        byte[][] kept = new byte[pages][];
        for (int i = equal.nextClearBit(0); i < pages; i = equal.nextClearBit(i + 1)) {
            kept[i] = segment.asSlice(bytes(page + i), Memfd.PAGE_BYTES).toArray(JAVA_BYTE);
        }
        map(piece);
        for (int i = 0; i < pages; i++) {
            if (kept[i] != null) {
                HostMemory.copy(kept[i], 0, hva() + bytes(page + i), Memfd.PAGE_BYTES);
            }
        }
    }

    private static long bytes(int pages) {
        return (long) pages * Memfd.PAGE_BYTES;
    }

    /** Drops its own page where it is zero and nothing but zeros is below. @return how many */
    public synchronized int dropZeros(int page, int pages) throws IOException {
        int dropped = 0;
        for (int i = page; i < page + pages && extents != null && !released; i++) {
            boolean zeros = extents.at(bytes(i)).layer() == null;
            MemorySegment mine = segment.asSlice(bytes(i), Memfd.PAGE_BYTES);
            if (zeros && mine.mismatch(ZEROS) < 0) {
                Mman.dropPrivate(hva() + bytes(i), Memfd.PAGE_BYTES);
                dropped++;
            }
        }
        return dropped;
    }

    /**
     * Adds which of a layer's pages are mapped here, and which of these are seen.
     *
     * @return how many pieces of it there are
     */
    synchronized int addUse(Layer layer, BitSet mapped, BitSet used) throws IOException {
        int pieces = 0;
        for (Extent extent : extents == null ? List.<Extent>of() : extents.list()) {
            if (extent.layer() == layer) {
                pieces++;
                int first = page(extent.at()), shift = first - page(extent.offset());
                mapped.set(first, first + page(extent.length()));
                BitSet own = ownPages(extent.offset(), extent.length());
                for (int i = page(extent.offset()); i < page(extent.end()); i++) {
                    if (!own.get(i)) {
                        used.set(i + shift);
                    }
                }
            }
        }
        return pieces;
    }

    /** How much of a layer is seen here. */
    synchronized long seenBytes(Layer layer) throws IOException {
        long bytes = 0;
        for (Extent extent : extents == null ? List.<Extent>of() : extents.list()) {
            if (extent.layer() == layer) {
                BitSet own = ownPages(extent.offset(), extent.length());
                bytes += extent.length() - bytes(own.cardinality());
            }
        }
        return bytes;
    }

    /** Zeros of its own in place of what it had. */
    private void toPrivate() throws IOException {
        Mman.mapPrivate(hva(), sizeBytes(), -1, 0);
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

    /**
     * Makes bytes zero; whole pages of them are given back. Nobody else writes there meanwhile.
     *
     * @throws IOException if that cannot be; some of the bytes may be zero then
     */
    public synchronized void clear(long offset, long length) throws IOException {
        long end = offset + length;
        long first = Math.min(end, offset + Memfd.PAGE_BYTES - 1 & -Memfd.PAGE_BYTES);
        long last = Math.max(first, end & -Memfd.PAGE_BYTES);
        segment.asSlice(offset, first - offset).fill((byte) 0);
        segment.asSlice(last, end - last).fill((byte) 0);
        if (first == last || released) {
            return;
        }
        if (extents != null) {
            Mappings.require(2);
            map(new Extent(first, last - first, null, 0));
        } else if (memfd != null) {
            memfd.discard(first, last - first);
        } else {
            segment.asSlice(first, last - first).fill((byte) 0);
        }
    }

    /**
     * Gives whole pages back whose content is of no use: they are zero then, or what is below them
     * in a layer.
     */
    public synchronized void discard(long offset, long length) throws IOException {
        if (extents != null && !released) {
            Mman.dropPrivate(hva() + offset, length);
        } else if (memfd != null) {
            memfd.discard(offset, length);
        }
    }

    /** Where the last page ends that was ever written; what follows is zero. */
    public synchronized long writtenBytes() throws IOException {
        long[] end = {0};
        if (extents != null) {
            forEachShared((at, n) -> end[0] = at + n);
            forEachWritten((at, n) -> end[0] = Math.max(end[0], at + n));
        } else if (memfd != null) {
            memfd.forEachData(0, sizeBytes(), (at, n) -> end[0] = at + n);
        } else {
            end[0] = sizeBytes();
        }
        return end[0];
    }

    // --- what it costs

    /**
     * @param ownBytes pages that only this memory has
     * @param sharedBytes pages that it sees in layers that others have, too
     */
    public record Usage(long ownBytes, long sharedBytes, int mappings) {}

    public synchronized Usage usage() throws IOException {
        long[] own = {0}, shared = {0};
        if (extents == null) {
            return new Usage(memfd == null ? sizeBytes() : memfd.dataBytes(), 0, 1);
        }
        BitSet written = new BitSet();
        forEachOwn((at, n) -> {
            own[0] += n;
            written.set(page(at), page(at + n));
        });
        Map<Layer, Integer> uses = extents.uses();
        for (Extent extent : extents.list()) {
            if (extent.layer() != null) {
                boolean alone = extent.layer().users() == uses.get(extent.layer());
                forEachShared(
                        extent, (at, n) -> (alone ? own : shared)[0] += unwritten(written, at, n));
            }
        }
        return new Usage(own[0], shared[0], extents.count());
    }

    private static long unwritten(BitSet written, long at, long n) {
        int pages = page(n) - written.get(page(at), page(at + n)).cardinality();
        return (long) pages * Memfd.PAGE_BYTES;
    }

    private static int page(long bytes) {
        return (int) (bytes / Memfd.PAGE_BYTES);
    }

    /** What memories cost together: what several have counts once. */
    public static long bytesTogether(Collection<SharedMemory> memories) throws IOException {
        Set<Layer> layers = new HashSet<>();
        long[] sum = {0};
        for (SharedMemory memory : memories) {
            synchronized (memory) {
                if (memory.extents == null) {
                    sum[0] += memory.usage().ownBytes();
                } else {
                    memory.forEachOwn((_, n) -> sum[0] += n);
                    layers.addAll(memory.extents.uses().keySet());
                }
            }
        }
        for (Layer layer : layers) {
            sum[0] += layer.dataBytes();
        }
        return sum[0];
    }

    /** Visits what lies in layers, whether it is still seen or written over. */
    private void forEachShared(Runs runs) throws IOException {
        for (Extent extent : extents.list()) {
            if (extent.layer() != null) {
                forEachShared(extent, runs);
            }
        }
    }

    private static void forEachShared(Extent extent, Runs runs) throws IOException {
        long shift = extent.offset() - extent.at();
        extent.layer()
                .forEachData(extent.at(), extent.length(), (at, n) -> runs.run(at + shift, n));
    }

    /** Visits the pages that it may have got of its own. */
    private void forEachWritten(Runs runs) throws IOException {
        Pagemap.forEach(Pagemap.Kind.WRITTEN, hva(), sizeBytes(), runs);
    }

    /** Visits the pages of its own that cost memory. */
    private void forEachOwn(Runs runs) throws IOException {
        Pagemap.forEach(Pagemap.Kind.OWN, hva(), sizeBytes(), runs);
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
