package trivium.devices.pc.firmware;

import java.util.List;
import trivium.device.FirmwareConfig;
import trivium.device.Platform;
import trivium.devices.pc.input.VmPort;

/**
 * The SMBIOS 2.8 tables of a VM (DSP0134). SeaBIOS adds the BIOS information (type 0), puts them in
 * memory and completes the entry point.
 */
final class Smbios {
    private static final int FIRST_HANDLE = 0x100;
    private static final int UNKNOWN = 2, OTHER = 1, NONE = 3, SAFE = 3;
    private static final int NO_HANDLE = 0xfffe;
    private static final long MIB = 1 << 20;

    private final ByteWriter tables = new ByteWriter();
    private int structures;
    private int largestBytes;

    private Smbios() {}

    static Smbios describe(Platform platform, MemoryMap map) {
        var smbios = new Smbios();
        String name = platform.property("name").orElse("VM");
        boolean backdoor = platform.find(VmPort.class).isPresent();
        int board = smbios.system(name, backdoor ? VmPort.SERIAL_NUMBER : name);
        smbios.chassis(board);
        for (int cpu = 0; cpu < platform.cpuCount(); cpu++) {
            smbios.processor(cpu, platform.cpuModel().id());
        }
        smbios.memory(map);
        smbios.structure(32, new ByteWriter().zeros(6).u8(0), List.of()); // no boot errors
        smbios.structure(127, new ByteWriter(), List.of());
        return smbios;
    }

    private int system(String name, String serial) {
        var body = new ByteWriter().u8(1).u8(2).u8(3).u8(4).zeros(16).u8(6).u8(0).u8(0);
        String product = "Standard PC (i440FX + PIIX)";
        return structure(1, body, List.of("Trivium", product, name, serial));
    }

    private void chassis(int board) {
        var body = new ByteWriter().u8(1).u8(OTHER).u8(0).u8(0).u8(0).u8(SAFE).u8(SAFE);
        body.u8(SAFE).u8(UNKNOWN).u32(0).u8(0).u8(0).u8(0).u8(0).u8(0);
        structure(3, body, List.of("Trivium"));
    }

    private void processor(int index, String model) {
        var body = new ByteWriter().u8(1).u8(3).u8(OTHER).u8(2).u64(0).u8(3).u8(0);
        body.u16(0).u16(1000).u16(1000).u8(0x41).u8(OTHER).u16(0xffff).u16(0xffff).u16(0xffff);
        body.u8(0).u8(0).u8(0).u8(1).u8(1).u8(1).u16(UNKNOWN).u16(OTHER);
        structure(4, body, List.of("CPU " + index, "Trivium", model));
    }

    private void memory(MemoryMap map) {
        long mib = (map.lowBytes() + map.highBytes()) / MIB;
        long kib = mib * 1024;
        boolean large = kib >= 0x8000_0000L;
        var array = new ByteWriter().u8(OTHER).u8(3).u8(NONE).u32(large ? 0x8000_0000L : kib);
        array.u16(NO_HANDLE).u16(1).u64(large ? kib * 1024 : 0);
        int arrayHandle = structure(16, array, List.of());
        var module = new ByteWriter().u16(arrayHandle).u16(NO_HANDLE).u16(0xffff).u16(0xffff);
        module.u16(mib >= 0x7fff ? 0x7fff : mib).u8(9).u8(0).u8(1).u8(0).u8(7).u16(2);
        module.u16(0).u8(0).u8(0).u8(0).u8(0).u8(0).u32(mib >= 0x7fff ? mib : 0);
        module.u16(0).u16(0).u16(0).u16(0);
        structure(17, module, List.of("DIMM 0"));
        mapped(arrayHandle, 0, map.lowBytes());
        mapped(arrayHandle, 1L << 32, map.highBytes());
    }

    private void mapped(int arrayHandle, long base, long bytes) {
        if (bytes == 0) {
            return;
        }
        long last = base + bytes - 1;
        boolean wide = last >>> 10 >= 0xffff_ffffL;
        var body = new ByteWriter().u32(wide ? -1 : base >>> 10).u32(wide ? -1 : last >>> 10);
        body.u16(arrayHandle).u8(1).u64(wide ? base : 0).u64(wide ? last : 0);
        structure(19, body, List.of());
    }

    private int structure(int type, ByteWriter body, List<String> strings) {
        int start = tables.size();
        int handle = type == 127 ? 0x7f00 : FIRST_HANDLE * type + structures;
        tables.u8(type).u8(4 + body.size()).u16(handle).raw(body.toBytes());
        strings.forEach(tables::cString);
        tables.zeros(strings.isEmpty() ? 2 : 1);
        structures++;
        largestBytes = Math.max(largestBytes, tables.size() - start);
        return handle;
    }

    void addTo(FirmwareConfig config) {
        config.addFile("etc/smbios/smbios-tables", tables.toBytes());
        config.addFile("etc/smbios/smbios-anchor", entryPoint());
    }

    /** DSP0134 "SMBIOS 2.1 (32-bit) Entry Point"; the address is SeaBIOS's to fill. */
    private byte[] entryPoint() {
        var middle = new ByteWriter().text("_DMI_", 5, 0).u8(0).u16(tables.size()).u32(0);
        middle.u16(structures).u8(0x28);
        middle.patch(5, checksum(middle.toBytes()), 1);
        var entry = new ByteWriter().text("_SM_", 4, 0).u8(0).u8(31).u8(2).u8(8);
        entry.u16(largestBytes).u8(0).zeros(5).raw(middle.toBytes());
        entry.patch(4, checksum(entry.toBytes()), 1);
        return entry.toBytes();
    }

    private static int checksum(byte[] bytes) {
        int sum = 0;
        for (byte b : bytes) {
            sum += b;
        }
        return -sum & 0xff;
    }
}
