package trivium.mmu;

import org.osgi.annotation.versioning.ConsumerType;

/**
 * 4 GiB of host addresses in which the guest's memory can be seen where its linear addresses are:
 * the page of linear address {@code x} at {@code hva() + x}, once it was opened. Elsewhere an
 * access faults in the host, and so it does within 64 KiB behind the end. An engine opens pages
 * that the guest may access at present, and closes them when it drops its own cached translations.
 * Bound to the vCPU's thread.
 */
@ConsumerType
public interface LinearWindow {
    /** So much zeroed memory right before the window is the engine's own. */
    int ROOM_BYTES = 4 << 20;

    long SIZE_BYTES = 1L << 32, GUARD_BYTES = 1 << 16;

    /** The host address of linear address 0; valid while this object is reachable. */
    long hva();

    /**
     * Opens whole pages, in place of what was to be seen there.
     *
     * @param linear of the first page
     * @param source host address of the first page, as {@link trivium.memory.PhysicalMemory} tells
     * @return false if such memory cannot be shown; these pages are as they were, or closed
     */
    boolean open(long linear, long source, long bytes, boolean writable);

    /** Closes the page of a linear address. */
    void close(long linear);

    void closeAll();

    /** The page at host address {@code source} can only be read from now on, wherever it is. */
    void closeStores(long source);
}
