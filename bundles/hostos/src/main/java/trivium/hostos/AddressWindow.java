package trivium.hostos;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A range of host addresses in which pages of shared memory that lies elsewhere can be seen once
 * more, at any place. Where there are none an access faults ({@link FaultRedirection}), and so it
 * does for 64 KiB behind the end. Right before the range there is ordinary memory. All that stays
 * until this object is unreachable. For one thread.
 */
public final class AddressWindow {
    private static final Logger LOG = LoggerFactory.getLogger(AddressWindow.class);

    private static final int GUARD_BYTES = 1 << 16;
    private static final int NOTHING =
            Mman.MAP_PRIVATE | Mman.MAP_ANONYMOUS | Mman.MAP_NORESERVE | Mman.MAP_FIXED;

    /** Unmapped when it is unreachable. */
    private final MemorySegment all;

    private final long hva, sizeBytes;

    /** How many mappings of the process it may have caused since it was empty. */
    private int mappings;

    private AddressWindow(MemorySegment all, long roomBytes, long sizeBytes) {
        this.all = all;
        hva = all.address() + roomBytes;
        this.sizeBytes = sizeBytes;
    }

    public static boolean available() {
        return Memfd.available() && LibC.MREMAP_FIXED.isPresent() && LibC.MPROTECT.isPresent();
    }

    /**
     * @param roomBytes of ordinary memory before it, zeroed; whole pages
     * @throws IOException if the host has not so many addresses
     */
    public static AddressWindow reserve(String name, long roomBytes, long sizeBytes)
            throws IOException {
        Memfd.requireWholePages(name, roomBytes);
        Memfd.requireWholePages(name, sizeBytes);
        MemorySegment all =
                Mman.mmap(
                        "%s: reserving %d bytes of addresses".formatted(name, sizeBytes),
                        roomBytes + sizeBytes + GUARD_BYTES,
                        Mman.PROT_NONE,
                        NOTHING & ~Mman.MAP_FIXED,
                        -1);
        AddressWindow window = new AddressWindow(all, roomBytes, sizeBytes);
        Mman.protect(all.address(), roomBytes, Mman.PROT_READ | Mman.PROT_WRITE);
        return window;
    }

    /** The first host address. */
    public long hva() {
        return hva;
    }

    /**
     * Shows pages at an offset, in place of what was there.
     *
     * @param source host address of shared memory
     * @return false if it is not shared, or the process has too many mappings; nothing changed then
     */
    public boolean show(long offset, long source, long bytes, boolean writable) {
        requireInside(offset, bytes);
        if (Mappings.used() + 2 > Mappings.most()) {
            return false;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = LibC.newState(arena);
            // In two steps: a mapping put here by force could fail and leave a hole for others.
            long copy = Mman.mapAgain(state, source, bytes);
            if (copy == -1) {
                return false;
            }
            if (!writable) {
                Mman.protect(copy, bytes, Mman.PROT_READ);
            }
            if (!Mman.move(state, copy, bytes, hva + offset)) {
                Mman.unmap(copy, bytes);
                return false;
            }
        } catch (IOException e) {
            LOG.warn("a window stays closed", e);
            return false;
        }
        mappings += 2;
        Mappings.count(2);
        return true;
    }

    /** What is shown there can only be read from now on. */
    public void makeReadOnly(long offset, long bytes) {
        requireInside(offset, bytes);
        try {
            Mman.protect(hva + offset, bytes, Mman.PROT_READ);
        } catch (IOException e) {
            hide(offset, bytes);
        }
    }

    /** Shows nothing there any more. */
    public void hide(long offset, long bytes) {
        requireInside(offset, bytes);
        try {
            long _ =
                    Mman.mmap(
                            "closing a window",
                            hva + offset,
                            bytes,
                            Mman.PROT_NONE,
                            NOTHING,
                            -1,
                            0);
        } catch (IOException e) {
            // The guest could go on with memory that is not its own.
            throw new IllegalStateException(e);
        }
    }

    /** The same when nothing is shown outside of these bytes. */
    public void hideAll(long offset, long bytes) {
        hide(offset, bytes);
        Mappings.count(-mappings);
        mappings = 0;
    }

    private void requireInside(long offset, long bytes) {
        if (offset < 0 || bytes <= 0 || offset > sizeBytes - bytes) {
            throw new IllegalArgumentException("%d bytes at %#x".formatted(bytes, offset));
        }
    }
}
