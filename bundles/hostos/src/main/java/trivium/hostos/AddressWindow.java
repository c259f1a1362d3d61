package trivium.hostos;

import static trivium.hostos.LibC.call;
import static trivium.hostos.LibC.handle;

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

    // <asm-generic/mman-common.h>, <linux/mman.h>
    private static final int PROT_NONE = 0, MREMAP_MAYMOVE = 1, MREMAP_FIXED = 2;

    private static final int GUARD_BYTES = 1 << 16;
    private static final int NOTHING =
            Memfd.MAP_PRIVATE | Memfd.MAP_ANONYMOUS | Memfd.MAP_NORESERVE | Memfd.MAP_FIXED;

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
                Memfd.mmap(
                        "%s: reserving %d bytes of addresses".formatted(name, sizeBytes),
                        roomBytes + sizeBytes + GUARD_BYTES,
                        PROT_NONE,
                        NOTHING & ~Memfd.MAP_FIXED,
                        -1);
        AddressWindow window = new AddressWindow(all, roomBytes, sizeBytes);
        protect(all.address(), roomBytes, Memfd.PROT_READ | Memfd.PROT_WRITE);
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
            long copy =
                    (long)
                            handle(LibC.MREMAP)
                                    .invokeExact(state, source, 0L, bytes, MREMAP_MAYMOVE);
            if (copy == -1) {
                return false;
            }
            if (!writable) {
                protect(copy, bytes, Memfd.PROT_READ);
            }
            long moved =
                    (long)
                            handle(LibC.MREMAP_FIXED)
                                    .invokeExact(
                                            state,
                                            copy,
                                            bytes,
                                            bytes,
                                            MREMAP_MAYMOVE | MREMAP_FIXED,
                                            hva + offset);
            if (moved == -1) {
                Memfd.unmap(copy, bytes);
                return false;
            }
        } catch (IOException e) {
            LOG.warn("a window stays closed", e);
            return false;
        } catch (Throwable t) {
            throw new AssertionError("mremap", t); // a linkage mistake of ours
        }
        mappings += 2;
        Mappings.count(2);
        return true;
    }

    /** What is shown there can only be read from now on. */
    public void makeReadOnly(long offset, long bytes) {
        requireInside(offset, bytes);
        try {
            protect(hva + offset, bytes, Memfd.PROT_READ);
        } catch (IOException e) {
            hide(offset, bytes);
        }
    }

    /** Shows nothing there any more. */
    public void hide(long offset, long bytes) {
        requireInside(offset, bytes);
        try {
            long _ = Memfd.mmap("closing a window", hva + offset, bytes, PROT_NONE, NOTHING, -1, 0);
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

    private static void protect(long at, long bytes, int protection) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = LibC.newState(arena);
            call(
                    "mprotect",
                    state,
                    () -> (int) handle(LibC.MPROTECT).invokeExact(state, at, bytes, protection));
        }
    }
}
