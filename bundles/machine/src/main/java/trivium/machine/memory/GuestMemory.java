package trivium.machine.memory;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import trivium.bus.BusDevice;
import trivium.hostos.HostMemory;
import trivium.hostos.MemoryImage;
import trivium.hostos.PageTable;
import trivium.hostos.SharedMemory;
import trivium.memory.MemoryListener;
import trivium.memory.MemoryRegions;
import trivium.memory.PhysicalMemory;
import trivium.memory.SharedPages;

/**
 * The physical address space of a PC. RAM is one shared mapping: 0 to 640 KiB, 1 MiB to at most 3
 * GiB, the rest from 4 GiB on; the file's bytes between are the shadow RAM at C0000 to FFFFF.
 *
 * <pre>
 * read(gpa):  page = reads[gpa];  page != 0 ? load(page + offset) : slow      // MMIO or nothing
 * write(gpa): page = stores[gpa]; page != 0 ? store(page + offset)
 *           : page = writes[gpa]; page != 0 ? store, then codeWritten         // a watched page
 *           : slow
 * </pre>
 *
 * Tables are read without a lock and changed under this object's monitor, which is never held while
 * a device or a listener is called.
 */
public final class GuestMemory implements PhysicalMemory, MemoryRegions, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(GuestMemory.class);
    private static final long LOW_RAM_END = 0xc000_0000L, HIGH_RAM = 1L << 32;
    private static final long BASE_RAM_END = 0xa_0000, EXTENDED_RAM = 0x10_0000;
    private static final long SHADOW = 0xc_0000, SHADOW_END = 0x10_0000;
    private static final int SHADOW_READ = 1, SHADOW_WRITE = 2;
    private static final long A20 = 1L << 20;
    private static final long LEAF = PageTable.LEAF_BYTES;
    private static final int PAGE = PAGE_BYTES, OFFSET = PAGE_BYTES - 1;

    private final SharedMemory ram;
    private final long lowRamEnd, highRamEnd;

    /** Where loads may go; where stores may go; and those of {@code writes} nobody watches. */
    private final PageTable reads = new PageTable(), writes = new PageTable();

    private final PageTable stores = new PageTable();
    private final CodePages codePages = new CodePages();

    /** SHADOW_ bits of each page from C0000 to FFFFF. */
    private final byte[] shadow = new byte[(int) (SHADOW_END - SHADOW) / PAGE];

    /** Later ones cover earlier ones; replaced as a whole. */
    private volatile Region[] regions = {};

    private volatile MemoryListener[] listeners = {};
    private volatile WriteListener[] writeListeners = {};
    private volatile long a20Mask = -1;
    private final List<SharedMemory> allocations = new ArrayList<>();

    /**
     * @throws IOException if the host has not that much memory
     */
    public GuestMemory(String vm, long ramBytes) throws IOException {
        ram = SharedMemory.allocate("trivium-" + vm, ramBytes);
        lowRamEnd = Math.min(ramBytes, LOW_RAM_END);
        highRamEnd = HIGH_RAM + ramBytes - lowRamEnd;
        refresh(0, Math.min(lowRamEnd, LEAF));
        fill(LEAF, lowRamEnd);
        fill(HIGH_RAM, highRamEnd);
    }

    /** Maps RAM where nothing else is. */
    private void fill(long gpa, long end) {
        long whole = Math.max(0, end - gpa) & -LEAF;
        PageTable.fill(List.of(reads, writes, stores), gpa, whole, ramHva(gpa, null, 0));
        refresh(gpa + whole, end - gpa - whole);
    }

    @Override
    public long ramBytes() {
        return ram.sizeBytes();
    }

    /** The end of RAM below 4 GiB. */
    public long lowRamEnd() {
        return lowRamEnd;
    }

    /** The end of RAM above 4 GiB; 4 GiB if there is none. */
    public long highRamEnd() {
        return highRamEnd;
    }

    /** All that holds bytes: RAM, then what devices allocated, in order. */
    public synchronized List<MemorySegment> contents() {
        List<MemorySegment> all = new ArrayList<>();
        all.add(ram.segment());
        allocations.forEach(memory -> all.add(memory.segment()));
        return all;
    }

    /**
     * Lets RAM have pages in common with other VMs; before anything is in it.
     *
     * @throws IOException if this host cannot
     */
    public void makePrivate() throws IOException {
        ram.makePrivate();
    }

    /** RAM, then what devices allocated, in order. */
    public synchronized List<SharedMemory> parts() {
        List<SharedMemory> all = new ArrayList<>(allocations);
        all.addFirst(ram);
        return all;
    }

    /** What {@link #contents} has now, kept for other machines. Nobody writes meanwhile. */
    public synchronized List<MemoryImage> freeze() throws IOException {
        List<MemoryImage> images = new ArrayList<>();
        boolean shown = ram.fd() >= 0;
        try {
            images.add(ram.freeze());
            for (SharedMemory memory : allocations) {
                images.add(memory.freeze());
            }
            if (shown) { // others may see its pages elsewhere, which it has not any more
                mappingChanged();
            }
            return images;
        } catch (IOException | RuntimeException e) {
            images.forEach(MemoryImage::close);
            throw e;
        }
    }

    /**
     * Takes what {@link #freeze} of an equal machine gave. Before anybody has cached anything.
     *
     * @throws IOException if the host has not that many mappings; this memory is useless then
     */
    public synchronized void become(List<MemoryImage> images) throws IOException {
        if (images.size() != 1 + allocations.size()) {
            throw new IllegalArgumentException(
                    "%d images for %d memories".formatted(images.size(), 1 + allocations.size()));
        }
        ram.become(images.getFirst());
        for (int i = 0; i < allocations.size(); i++) {
            allocations.get(i).become(images.get(i + 1));
        }
    }

    /** What backs RAM, for those that map the same pages. */
    public SharedMemory ram() {
        return ram;
    }

    // --- direct access

    @Override
    public long readableHost(long gpa) {
        return reads.get(gpa & a20Mask);
    }

    @Override
    public long writableHost(long gpa) {
        return stores.get(gpa & a20Mask);
    }

    @Override
    public Optional<SharedPages> shared() {
        return Optional.of(new SharedPages(reads.hva(), stores.hva()));
    }

    @Override
    public long read(long gpa, int size) {
        long physical = gpa & a20Mask;
        long page = reads.get(physical);
        return page != 0
                ? HostMemory.get(page + (physical & OFFSET), size)
                : readSlow(physical, size);
    }

    @Override
    public void write(long gpa, int size, long value) {
        long physical = gpa & a20Mask;
        long page = stores.get(physical);
        if (page != 0) {
            HostMemory.put(page + (physical & OFFSET), size, value);
            written(physical);
            return;
        }
        page = writes.get(physical);
        if (page != 0) {
            HostMemory.put(page + (physical & OFFSET), size, value);
            written(physical);
            codeWritten(physical, size);
            return;
        }
        writeSlow(physical, size, value);
    }

    private long readSlow(long gpa, int size) {
        Region region = region(gpa);
        if (size > 1 && region != region(gpa + size - 1)) {
            return readBytes(gpa, size);
        }
        long ones = -1L >>> 64 - size * 8;
        long hva = ramHva(gpa, region, SHADOW_READ);
        if (hva != 0) {
            return HostMemory.get(hva, size);
        }
        return region != null ? region.read(gpa, size) & ones : ones;
    }

    private void writeSlow(long gpa, int size, long value) {
        Region region = region(gpa);
        if (size > 1 && region != region(gpa + size - 1)) {
            writeBytes(gpa, size, value);
            return;
        }
        long hva = ramHva(gpa, region, SHADOW_WRITE);
        if (hva != 0) {
            HostMemory.put(hva, size, value);
            written(gpa);
            codeWritten(gpa, size);
        } else if (region != null) {
            region.write(gpa, size, value & -1L >>> 64 - size * 8);
        }
    }

    /** An access across the edge of a window that is no page's edge. */
    private long readBytes(long gpa, int size) {
        long value = 0;
        for (int i = 0; i < size; i++) {
            value |= readSlow(gpa + i, 1) << 8 * i;
        }
        return value;
    }

    private void writeBytes(long gpa, int size, long value) {
        for (int i = 0; i < size; i++) {
            writeSlow(gpa + i, 1, value >>> 8 * i);
        }
    }

    // --- bulk access

    @Override
    public void read(long gpa, byte[] into, int offset, int length) {
        int done = 0;
        while (done < length) {
            long at = gpa + done & a20Mask;
            int chunk = (int) Math.min(length - done, PAGE - (at & OFFSET));
            long page = reads.get(at);
            if (page != 0) {
                HostMemory.copy(page + (at & OFFSET), into, offset + done, chunk);
            } else {
                for (int i = 0; i < chunk; i++) {
                    into[offset + done + i] = (byte) readSlow(at + i, 1);
                }
            }
            done += chunk;
        }
    }

    @Override
    public void write(long gpa, byte[] from, int offset, int length) {
        int done = 0;
        while (done < length) {
            long at = gpa + done & a20Mask;
            int chunk = (int) Math.min(length - done, PAGE - (at & OFFSET));
            writeChunk(at, from, offset + done, chunk);
            done += chunk;
        }
    }

    private void writeChunk(long gpa, byte[] from, int offset, int length) {
        long page = writes.get(gpa);
        if (page == 0) {
            for (int i = 0; i < length; i++) {
                writeSlow(gpa + i, 1, from[offset + i]);
            }
            return;
        }
        HostMemory.copy(from, offset, page + (gpa & OFFSET), length);
        written(gpa);
        if (stores.get(gpa) == 0) {
            codeWritten(gpa, length);
        }
    }

    // --- who is told of stores

    private void written(long gpa) {
        for (WriteListener listener : writeListeners) {
            listener.written(gpa);
        }
    }

    @Override
    public synchronized void addWriteListener(WriteListener listener) {
        writeListeners = with(writeListeners, listener);
    }

    @Override
    public synchronized void removeWriteListener(WriteListener listener) {
        writeListeners = without(writeListeners, listener);
    }

    @Override
    public void dropStores() {
        for (MemoryListener listener : listeners) {
            listener.storesStale();
        }
    }

    // --- code

    @Override
    public void trackCode(long gpa) {
        long page = gpa & a20Mask & -PAGE;
        synchronized (this) {
            int watches = codePages.add(page);
            if (watches > 2) {
                return;
            }
            stores.set(page, 0);
        }
        for (MemoryListener listener : listeners) {
            listener.codeTracked(page);
        }
    }

    @Override
    public synchronized long watchedHost(long gpa) {
        long page = gpa & a20Mask & -PAGE;
        return writeListeners.length == 0 && codePages.isWatchedOnce(page) ? writes.get(page) : 0;
    }

    @Override
    public synchronized void untrackCode(long gpa) {
        long page = gpa & a20Mask & -PAGE;
        if (codePages.remove(page)) {
            stores.set(page, writes.get(page));
        }
    }

    private void codeWritten(long gpa, int length) {
        for (MemoryListener listener : listeners) {
            listener.codeWritten(gpa, length);
        }
    }

    @Override
    public void codeChanged(long gpa, int length) {
        boolean watched;
        synchronized (this) {
            watched = codePages.contains(gpa & -PAGE);
        }
        if (watched) {
            codeWritten(gpa, length);
        }
    }

    @Override
    public void discard(long gpa) {
        long offset = writes.get(gpa) - ram.hva();
        if (offset < 0 || offset >= ram.sizeBytes()) {
            return;
        }
        try {
            ram.discard(offset & -PAGE, PAGE);
        } catch (IOException e) {
            LOG.debug("page {} keeps its memory", gpa, e);
        }
        codeChanged(gpa & -PAGE, PAGE);
    }

    @Override
    public synchronized List<DirectRange> directRanges() {
        var ranges = new DirectRanges();
        reads.forEach((gpa, hva) -> {
            long writable = writes.get(gpa);
            ranges.add(gpa, hva, writable == hva);
        });
        return ranges.list();
    }

    @Override
    public synchronized void addListener(MemoryListener listener) {
        listeners = with(listeners, listener);
    }

    @Override
    public synchronized void removeListener(MemoryListener listener) {
        listeners = without(listeners, listener);
    }

    private void mappingChanged() {
        for (MemoryListener listener : listeners) {
            listener.mappingChanged();
        }
    }

    @Override
    public long a20Mask() {
        return a20Mask;
    }

    @Override
    public void setA20(boolean open) {
        long mask = open ? -1 : ~A20;
        if (mask != a20Mask) {
            a20Mask = mask;
            mappingChanged();
        }
    }

    // --- regions

    @Override
    public MemorySegment allocate(String name, long sizeBytes) {
        if (sizeBytes <= 0 || sizeBytes % PAGE != 0) {
            throw new IllegalArgumentException("%s: %d bytes".formatted(name, sizeBytes));
        }
        try {
            SharedMemory memory = SharedMemory.allocate("trivium-" + name, sizeBytes);
            synchronized (this) {
                allocations.add(memory);
            }
            return memory.segment();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private synchronized SharedMemory allocation(MemorySegment memory) {
        return allocations.stream()
                .filter(a -> a.hva() == memory.address())
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("not allocated here"));
    }

    @Override
    public long writtenBytes(MemorySegment memory) {
        try {
            return allocation(memory).writtenBytes();
        } catch (IOException e) {
            LOG.warn("memory is looked at as a whole", e);
            return memory.byteSize();
        }
    }

    @Override
    public void clear(MemorySegment memory, long offset) {
        try {
            allocation(memory).clear(offset, memory.byteSize() - offset);
        } catch (IOException e) {
            LOG.warn("memory is cleared by writing", e);
            memory.asSlice(offset).fill((byte) 0);
        }
    }

    @Override
    public Mapping mapMemory(String name, long gpa, MemorySegment memory, boolean writable) {
        if (((gpa | memory.byteSize() | memory.address()) & OFFSET) != 0) {
            throw new IllegalArgumentException("%s: not whole pages at %#x".formatted(name, gpa));
        }
        return add(Region.memory(name, gpa, memory, writable));
    }

    @Override
    public Mapping mapMmio(String name, long gpa, long sizeBytes, BusDevice device) {
        return add(Region.registers(name, gpa, sizeBytes, device));
    }

    private Mapping add(Region region) {
        synchronized (this) {
            regions = with(regions, region);
            refresh(region.base, region.sizeBytes);
        }
        mappingChanged();
        return new Mapping() {
            @Override
            public void moveTo(long gpa) {
                move(region, gpa);
            }

            @Override
            public void close() {
                remove(region);
            }
        };
    }

    private void move(Region region, long gpa) {
        synchronized (this) {
            long from = region.base;
            if (from == gpa || region.isMemory() && (gpa & OFFSET) != 0) {
                return;
            }
            region.base = gpa;
            refresh(from, region.sizeBytes);
            refresh(gpa, region.sizeBytes);
        }
        mappingChanged();
    }

    private void remove(Region region) {
        synchronized (this) {
            regions = without(regions, region);
            refresh(region.base, region.sizeBytes);
        }
        mappingChanged();
    }

    @Override
    public void setShadow(long gpa, long sizeBytes, boolean readRam, boolean writeRam) {
        if (gpa < SHADOW || sizeBytes < 0 || gpa + sizeBytes > SHADOW_END) {
            throw new IllegalArgumentException("no shadow RAM at %#x".formatted(gpa));
        }
        byte bits = (byte) ((readRam ? SHADOW_READ : 0) | (writeRam ? SHADOW_WRITE : 0));
        synchronized (this) {
            int first = (int) (gpa - SHADOW) / PAGE;
            Arrays.fill(shadow, first, first + (int) (sizeBytes / PAGE), bits);
            refresh(gpa, sizeBytes);
        }
        mappingChanged();
    }

    private static boolean inShadowArea(long gpa) {
        return gpa >= SHADOW && gpa < SHADOW_END;
    }

    /** The topmost region at an address; null if only RAM can be there. */
    private Region region(long gpa) {
        Region[] all = regions;
        for (int i = all.length - 1; i >= 0; i--) {
            if (all[i].covers(gpa)) {
                return all[i];
            }
        }
        return null;
    }

    /** The topmost region that has a byte of a page. */
    private Region regionOnPage(long page) {
        Region[] all = regions;
        for (int i = all.length - 1; i >= 0; i--) {
            if (all[i].overlapsPage(page)) {
                return all[i];
            }
        }
        return null;
    }

    /** Where RAM answers for an address, 0 where a region or nothing does. */
    private long ramHva(long gpa, Region region, int shadowBit) {
        if (inShadowArea(gpa)) {
            boolean on = (shadow[(int) (gpa - SHADOW) / PAGE] & shadowBit) != 0;
            return on ? ram.hva() + gpa : 0;
        }
        if (region != null || gpa >= BASE_RAM_END && gpa < EXTENDED_RAM) {
            return 0;
        }
        if (gpa >= 0 && gpa < lowRamEnd) {
            return ram.hva() + gpa;
        }
        return gpa >= HIGH_RAM && gpa < highRamEnd ? ram.hva() + lowRamEnd + (gpa - HIGH_RAM) : 0;
    }

    /** Works out the tables for the pages of a range anew. */
    private synchronized void refresh(long gpa, long sizeBytes) {
        if (sizeBytes <= 0) {
            return;
        }
        long first = gpa & -PAGE, last = gpa + sizeBytes - 1 & -PAGE;
        for (long page = first; Long.compareUnsigned(page, last) <= 0; page += PAGE) {
            refreshPage(page);
            if (page == last) {
                break;
            }
        }
        for (PageTable table : List.of(reads, writes, stores)) {
            table.prune(first, last);
        }
    }

    private void refreshPage(long page) {
        Region region = regionOnPage(page);
        long own = region != null && region.isMemory() ? region.hva(page) : 0;
        long read = ramHva(page, region, SHADOW_READ);
        long write = ramHva(page, region, SHADOW_WRITE);
        reads.set(page, read != 0 ? read : own);
        writes.set(page, write != 0 || own == 0 || !region.writable ? write : own);
        stores.set(page, codePages.contains(page) ? 0 : writes.get(page));
    }

    // --- arrays replaced as a whole, so that readers need no lock

    private static <T> T[] with(T[] all, T one) {
        T[] more = Arrays.copyOf(all, all.length + 1);
        more[all.length] = one;
        return more;
    }

    private static <T> T[] without(T[] all, T one) {
        return Arrays.stream(all).filter(o -> o != one).toList().toArray(Arrays.copyOf(all, 0));
    }

    /** Where everything lies, for people. */
    public synchronized String describe() {
        StringBuilder text = new StringBuilder("RAM %d MiB".formatted(ramBytes() >> 20));
        for (Region region : regions) {
            text.append(", ").append(region);
        }
        return text.toString();
    }

    /** Gives all memory back; reads give all ones from now on. */
    @Override
    public synchronized void close() {
        regions = new Region[0];
        listeners = new MemoryListener[0];
        reads.clear();
        writes.clear();
        stores.clear();
        allocations.forEach(SharedMemory::release);
        allocations.clear();
        ram.release();
    }
}
