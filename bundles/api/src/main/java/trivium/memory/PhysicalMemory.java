package trivium.memory;

import java.util.List;
import java.util.Optional;
import org.osgi.annotation.versioning.ProviderType;

/**
 * The guest-physical address space of a VM: RAM, ROM and MMIO. Values are little-endian and
 * addresses may be unaligned. Reads of nothing give all ones; writes to nothing or to ROM are
 * ignored. Thread-safe as memory is: no tearing of aligned accesses to RAM up to 8 bytes.
 */
@ProviderType
public interface PhysicalMemory {
    int PAGE_BYTES = 4096;

    /** RAM in bytes. */
    long ramBytes();

    /**
     * The host address of the 4-KiB page that holds {@code gpa} if loads may go straight to memory,
     * or 0 if they must use {@link #read}. Valid until {@link MemoryListener#mappingChanged}. The
     * A20 gate is already applied.
     */
    long readableHost(long gpa);

    /**
     * The same for stores: 0 also for ROM and for pages that {@link #trackCode} watches, which must
     * use {@link #write}.
     */
    long writableHost(long gpa);

    /** What the two above tell, for translated code; empty if this memory has no such tables. */
    default Optional<SharedPages> shared() {
        return Optional.empty();
    }

    /**
     * @param size 1, 2, 4 or 8 bytes; never crosses a page
     */
    long read(long gpa, int size);

    /**
     * @param size 1, 2, 4 or 8 bytes; never crosses a page
     */
    void write(long gpa, int size, long value);

    /** Copies out of memory, for DMA and loaders; any length, crossing pages as it likes. */
    void read(long gpa, byte[] into, int offset, int length);

    void write(long gpa, byte[] from, int offset, int length);

    /**
     * Watches the page holding {@code gpa} for stores, since it holds code that somebody cached:
     * {@link MemoryListener#codeWritten} is called after each. Listeners get {@link
     * MemoryListener#codeTracked} first, so that nobody keeps a writable host address.
     */
    void trackCode(long gpa);

    /**
     * For who watches the page holding {@code gpa}: its host address, if nobody else watches it nor
     * listens for writes, and stores that do not touch the code may go straight there; else 0.
     * Valid until {@link MemoryListener#codeTracked}, which is called again for the second who
     * watches the page, or until what {@link #writableHost} tells is not.
     */
    default long watchedHost(long gpa) {
        return 0;
    }

    /** Ends the watch; called by the engine when it holds nothing of the page any more. */
    void untrackCode(long gpa);

    /**
     * Tells the listeners that bytes were written by somebody who does not go through here (a CPU
     * that runs the guest itself), where they are watched.
     */
    default void codeChanged(long gpa, int length) {}

    /**
     * Forgets the content of a 4-KiB page of RAM, and gives the host its memory back: the guest has
     * no use for it now. It can be used as ever, and holds zeros or what it held before. Nothing
     * happens where there is no RAM.
     */
    default void discard(long gpa) {}

    /**
     * All memory that may be read directly, in order, in runs as long as possible: what {@link
     * #readableHost} and {@link #writableHost} tell page by page, but that pages with code count as
     * writable. Empty if this memory cannot tell. The A20 gate is not applied. Valid until {@link
     * MemoryListener#mappingChanged}.
     */
    default List<DirectRange> directRanges() {
        return List.of();
    }

    /** Memory of the host that the guest sees from {@code gpa} on; whole pages. */
    record DirectRange(long gpa, long sizeBytes, long hva, boolean writable) {}

    /** Tells the listeners {@link MemoryListener#storesStale}. */
    default void dropStores() {}

    /** Told of stores that do not go through a host address: those of devices, above all. */
    @FunctionalInterface
    interface WriteListener {
        /** On any thread; never crosses a page. The A20 gate is applied. */
        void written(long gpa);
    }

    /**
     * From now on tells somebody of every {@link #write} that reaches memory, those to watched
     * pages included if {@link #dropStores} is called then.
     */
    default void addWriteListener(WriteListener listener) {}

    default void removeWriteListener(WriteListener listener) {}

    void addListener(MemoryListener listener);

    void removeListener(MemoryListener listener);

    /** Bits of a physical address that the A20 gate lets through; all ones when it is open. */
    long a20Mask();

    void setA20(boolean open);
}
