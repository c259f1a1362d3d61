package trivium.memory;

import java.lang.foreign.MemorySegment;
import org.osgi.annotation.versioning.ProviderType;
import trivium.bus.BusDevice;

/**
 * What device models map into a VM's physical address space. Regions are multiples of 4 KiB except
 * MMIO, which may be any size. A later region covers an earlier one; RAM lies below all. All calls
 * are safe on any thread and take effect at once.
 */
@ProviderType
public interface MemoryRegions {
    /** Somewhere mapped; closing unmaps it. */
    interface Mapping extends AutoCloseable {
        /** Moves it, as a PCI BAR moves. */
        void moveTo(long gpa);

        @Override
        void close();
    }

    /** Host memory for {@link #mapMemory}: zeroed, page-aligned, freed with the VM. */
    MemorySegment allocate(String name, long sizeBytes);

    /**
     * Where what was ever written to such memory ends; from there on it is zero. To look at the
     * zeros themselves would make the host keep pages for them.
     */
    default long writtenBytes(MemorySegment memory) {
        return memory.byteSize();
    }

    /** Makes such memory zero from an offset on and gives the host its pages back. */
    default void clear(MemorySegment memory, long offset) {
        memory.asSlice(offset).fill((byte) 0);
    }

    /**
     * Maps memory that a device owns (video memory, a ROM).
     *
     * @param memory from {@link #allocate}
     * @param writable false for ROM: guest stores are ignored
     */
    Mapping mapMemory(String name, long gpa, MemorySegment memory, boolean writable);

    /**
     * Maps registers: accesses of 1, 2, 4 or 8 bytes reach the device with an offset into the
     * window.
     */
    Mapping mapMmio(String name, long gpa, long sizeBytes, BusDevice device);

    /**
     * How the 16-KiB (or 64-KiB for F0000) pieces between C0000 and FFFFF behave: the 440FX's PAM
     * registers. Reads from ROM or RAM, writes to RAM or nowhere.
     */
    void setShadow(long gpa, long sizeBytes, boolean readRam, boolean writeRam);
}
