package trivium.devices.pc.firmware.acpi;

import trivium.device.FirmwareConfig;
import trivium.device.Platform;
import trivium.devices.pc.firmware.ByteWriter;
import trivium.devices.pc.firmware.MemoryMap;

/**
 * The board's ACPI tables as three fw_cfg files: the root pointer, all other tables, and the script
 * by which firmware places them. Addresses of the PIIX4's registers are those SeaBIOS programs.
 */
public final class AcpiTables {
    static final int SCI_IRQ = 9;
    static final long HPET_BASE = 0xfed0_0000L;
    private static final long LAPIC_BASE = 0xfee0_0000L, IOAPIC_BASE = 0xfec0_0000L;
    private static final int PM1A_EVT = 0x600, PM1A_CNT = 0x604, PM_TMR = 0x608, GPE0 = 0xafe0;
    private static final int SMI_CMD = 0xb2, ACPI_ENABLE = 0xf1, ACPI_DISABLE = 0xf0;
    private static final int RESET_REGISTER = 0xcf9, RESET_VALUE = 0x06;

    /** WBINVD, PROC_C1, SLP_BUTTON (a control-method one: none), RTC_S4, RESET_REG_SUP. */
    private static final int FADT_FLAGS = 1 | 1 << 2 | 1 << 5 | 1 << 7 | 1 << 10;

    /** Legacy devices, 8042. */
    private static final int BOOT_ARCHITECTURE = 1 | 1 << 1;

    private static final int HEADER_BYTES = 36, CHECKSUM_AT = 9;
    private static final int LEVEL_ACTIVE_HIGH = 0xd;
    private static final int SYSTEM_MEMORY = 0, SYSTEM_IO = 1;
    private static final String TABLES = "etc/acpi/tables", RSDP = "etc/acpi/rsdp";
    private static final String LOADER = "etc/table-loader";

    private final ByteWriter out = new ByteWriter();
    private final LinkerScript script = new LinkerScript();
    private byte[] rsdp;

    private AcpiTables() {}

    public static AcpiTables describe(Platform platform, MemoryMap map) {
        boolean floppies = drive(platform, "floppy0") || drive(platform, "floppy1");
        int ports = 1;
        for (int i = 1; i < 4; i++) {
            ports = platform.serial(i).isPresent() ? i + 1 : ports;
        }
        var tables = new AcpiTables();
        tables.build(new Dsdt.Board(map, platform.cpuCount(), floppies, ports));
        return tables;
    }

    private static boolean drive(Platform platform, String slot) {
        return platform.drive(slot).isPresent();
    }

    /** Adds the three files. */
    public void addTo(FirmwareConfig config) {
        config.addFile(TABLES, out.toBytes());
        config.addFile(RSDP, rsdp);
        config.addFile(LOADER, script.toBytes());
    }

    private void build(Dsdt.Board board) {
        script.allocate(TABLES, 64, LinkerScript.ZONE_HIGH);
        script.allocate(RSDP, 16, LinkerScript.ZONE_FSEG);
        int facs = facs();
        int dsdt = table("DSDT", 1, Dsdt.aml(board));
        int fadt = fadt(facs, dsdt);
        int madt = madt(board.cpus());
        int hpet = hpet();
        rootPointer(rsdt(fadt, madt, hpet));
    }

    /** 5.2.10 "Firmware ACPI Control Structure": 64 bytes, aligned so, without a checksum. */
    private int facs() {
        int at = out.size();
        out.text("FACS", 4, 0).u32(64).zeros(56);
        return at;
    }

    /** 5.2.9 "Fixed ACPI Description Table", revision 3. */
    private int fadt(int facs, int dsdt) {
        var body = new ByteWriter().u32(facs).u32(dsdt).u8(1).u8(0).u16(SCI_IRQ);
        body.u32(SMI_CMD).u8(ACPI_ENABLE).u8(ACPI_DISABLE).u8(0).u8(0);
        body.u32(PM1A_EVT).u32(0).u32(PM1A_CNT).u32(0).u32(0).u32(PM_TMR).u32(GPE0).u32(0);
        body.u8(4).u8(2).u8(0).u8(4).u8(4).u8(0).u8(0).u8(0);
        body.u16(0xfff).u16(0xfff); // C2 and C3 latency: not supported
        body.u16(0).u16(0).u8(0).u8(0).u8(0).u8(0).u8(0x32); // RTC century at CMOS 32h
        body.u16(BOOT_ARCHITECTURE).u8(0).u32(FADT_FLAGS);
        address(body, SYSTEM_IO, 8, RESET_REGISTER).u8(RESET_VALUE).zeros(3);
        int extended = body.size();
        body.u64(0).u64(dsdt);
        address(body, SYSTEM_IO, 32, PM1A_EVT);
        body.zeros(12);
        address(body, SYSTEM_IO, 16, PM1A_CNT);
        body.zeros(24);
        address(body, SYSTEM_IO, 32, PM_TMR);
        address(body, SYSTEM_IO, 32, GPE0);
        body.zeros(12);
        int at = table("FACP", 3, body.toBytes());
        script.addPointer(TABLES, at + HEADER_BYTES, 4, TABLES);
        script.addPointer(TABLES, at + HEADER_BYTES + 4, 4, TABLES);
        script.addPointer(TABLES, at + HEADER_BYTES + extended + 8, 8, TABLES);
        return checksummed(at);
    }

    /** 5.2.3.2 "Generic Address Structure". */
    private static ByteWriter address(ByteWriter to, int space, int bits, long address) {
        return to.u8(space).u8(bits).u8(0).u8(0).u64(address);
    }

    /** 5.2.12 "Multiple APIC Description Table". */
    private int madt(int cpus) {
        var body = new ByteWriter().u32(LAPIC_BASE).u32(1); // there are 8259s too
        for (int i = 0; i < cpus; i++) {
            body.u8(0).u8(8).u8(i).u8(i).u32(1);
        }
        body.u8(1).u8(12).u8(0).u8(0).u32(IOAPIC_BASE).u32(0);
        override(body, 0, 2, 0);
        for (int irq : new int[] {5, 9, 10, 11}) {
            override(body, irq, irq, LEVEL_ACTIVE_HIGH);
        }
        body.u8(4).u8(6).u8(0xff).u16(0).u8(1); // NMI at LINT1 of every processor
        return checksummed(table("APIC", 1, body.toBytes()));
    }

    private static void override(ByteWriter to, int irq, int gsi, int flags) {
        to.u8(2).u8(10).u8(0).u8(irq).u32(gsi).u16(flags);
    }

    /** IA-PC HPET 1.0a §3.2.4 "The ACPI 2.0 HPET Description Table". */
    private int hpet() {
        var body = new ByteWriter().u32(0x8086_a201L);
        address(body, SYSTEM_MEMORY, 0, HPET_BASE).u8(0).u16(0).u8(0);
        return checksummed(table("HPET", 1, body.toBytes()));
    }

    private int rsdt(int... tables) {
        var body = new ByteWriter();
        for (int table : tables) {
            body.u32(table);
        }
        int at = table("RSDT", 1, body.toBytes());
        for (int i = 0; i < tables.length; i++) {
            script.addPointer(TABLES, at + HEADER_BYTES + 4 * i, 4, TABLES);
        }
        return checksummed(at);
    }

    /** 5.2.5 "Root System Description Pointer", revision 0. */
    private void rootPointer(int rsdt) {
        var pointer = new ByteWriter().text("RSD PTR ", 8, 0).u8(0).text("TRIVIM", 6, ' ').u8(0);
        rsdp = pointer.u32(rsdt).toBytes();
        script.addPointer(RSDP, 16, 4, TABLES);
        script.addChecksum(RSDP, 8, 0, rsdp.length);
    }

    /** Appends a table with its header; the checksum is right as long as nothing is patched. */
    private int table(String signature, int revision, byte[] body) {
        out.align(16);
        int at = out.size();
        var table = new ByteWriter().text(signature, 4, ' ').u32(HEADER_BYTES + body.length);
        table.u8(revision).u8(0).text("TRIVIM", 6, ' ').text("TRIVIUM ", 8, ' ').u32(1);
        table.text("TRVM", 4, ' ').u32(1).raw(body);
        table.patch(CHECKSUM_AT, -sum(table.toBytes()) & 0xff, 1);
        out.raw(table.toBytes());
        return at;
    }

    /** Has the firmware sum the table again after its pointers are in place. */
    private int checksummed(int at) {
        out.patch(at + CHECKSUM_AT, 0, 1);
        byte[] all = out.toBytes();
        script.addChecksum(TABLES, at + CHECKSUM_AT, at, all.length - at);
        return at;
    }

    private static int sum(byte[] bytes) {
        int sum = 0;
        for (byte b : bytes) {
            sum += b;
        }
        return sum;
    }
}
