package trivium.devices.pc.firmware;

import trivium.memory.PhysicalMemory;

/**
 * Where RAM and the PCI hole lie: RAM up to 3 GiB from address 0, the rest from 4 GiB on.
 *
 * @param lowBytes RAM below 4 GiB
 * @param highBytes RAM above 4 GiB
 */
public record MemoryMap(long lowBytes, long highBytes) {
    private static final long GIB = 1L << 30;
    private static final int RAM = 1;

    /** The end of the PCI memory window: the IO-APIC follows. */
    public static final long PCI_END = 0xfec0_0000L;

    public static MemoryMap of(PhysicalMemory memory) {
        long low = Math.min(memory.ramBytes(), 3 * GIB);
        return new MemoryMap(low, memory.ramBytes() - low);
    }

    /** Where SeaBIOS starts to place BARs (its {@code i440fx_mem_addr_setup}). */
    public long pciStart() {
        return lowBytes <= 2 * GIB ? 2 * GIB : 3 * GIB;
    }

    /** The file etc/e820: base, length and type of each range of RAM. */
    byte[] e820() {
        var table = new ByteWriter().u64(0).u64(lowBytes).u32(RAM);
        if (highBytes > 0) {
            table.u64(4 * GIB).u64(highBytes).u32(RAM);
        }
        return table.toBytes();
    }
}
