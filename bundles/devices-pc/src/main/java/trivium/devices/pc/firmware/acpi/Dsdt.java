package trivium.devices.pc.firmware.acpi;

import static trivium.devices.pc.firmware.acpi.Aml.and;
import static trivium.devices.pc.firmware.acpi.Aml.arg;
import static trivium.devices.pc.firmware.acpi.Aml.concat;
import static trivium.devices.pc.firmware.acpi.Aml.createDWordField;
import static trivium.devices.pc.firmware.acpi.Aml.device;
import static trivium.devices.pc.firmware.acpi.Aml.eisaId;
import static trivium.devices.pc.firmware.acpi.Aml.field;
import static trivium.devices.pc.firmware.acpi.Aml.integer;
import static trivium.devices.pc.firmware.acpi.Aml.less;
import static trivium.devices.pc.firmware.acpi.Aml.method;
import static trivium.devices.pc.firmware.acpi.Aml.name;
import static trivium.devices.pc.firmware.acpi.Aml.operationRegion;
import static trivium.devices.pc.firmware.acpi.Aml.or;
import static trivium.devices.pc.firmware.acpi.Aml.packageOf;
import static trivium.devices.pc.firmware.acpi.Aml.path;
import static trivium.devices.pc.firmware.acpi.Aml.processor;
import static trivium.devices.pc.firmware.acpi.Aml.returns;
import static trivium.devices.pc.firmware.acpi.Aml.scope;
import static trivium.devices.pc.firmware.acpi.Aml.store;
import static trivium.devices.pc.firmware.acpi.Aml.string;
import static trivium.devices.pc.firmware.acpi.Aml.when;

import java.util.ArrayList;
import java.util.List;
import trivium.devices.pc.firmware.MemoryMap;

/**
 * The board in AML: PCI root with its windows and interrupt routing, what is soldered to the ISA
 * bus, processors, and soft off. Not described: sleep states other than S5, hot plug.
 */
final class Dsdt {
    private static final String[] LINKS = {"LNKA", "LNKB", "LNKC", "LNKD"};
    private static final String[] ROUTES = {"PRQ0", "PRQ1", "PRQ2", "PRQ3"};

    /** PIRQ route control: this bit means not routed (82371SB "PIRQ[A:D]# Route Control"). */
    private static final int IRQ_ROUTING_DISABLED = 0x80;

    private static final int PRESENT = 0x0f, PRESENT_HIDDEN = 0x0b, LINK_OFF = 0x09;

    private Dsdt() {}

    /**
     * @param floppies whether a floppy drive is there
     * @param serialPorts how many of COM1 to COM4 to describe
     */
    record Board(MemoryMap map, int cpus, boolean floppies, int serialPorts) {}

    static byte[] aml(Board board) {
        return concat(
                scope("\\_SB", pciRoot(board), concat(links()), sciLink(), hpet()),
                scope("\\_PR", processors(board.cpus)),
                name("\\_S5_", packageOf(integer(0), integer(0), integer(0), integer(0))));
    }

    private static byte[] pciRoot(Board board) {
        return device(
                "PCI0",
                name("_HID", eisaId("PNP0A03")),
                name("_ADR", integer(0)),
                name("_UID", integer(0)),
                name("_CRS", rootWindows(board.map)),
                name("_PRT", routing()),
                isaBridge(board),
                firmwareConfig());
    }

    private static byte[] rootWindows(MemoryMap map) {
        return new Resources()
                .busNumbers(0, 0xff)
                .io(0xcf8, 8)
                .ioWindow(0, 0xcf7)
                .ioWindow(0xd00, 0xffff)
                .memoryWindow(0xa0000, 0xbffff, true)
                .memoryWindow(map.pciStart(), MemoryMap.PCI_END - 1, false)
                .toAml();
    }

    /** Pin p of slot s goes to PIRQ (s - 1 + p) mod 4; the PIIX4's PM function has IRQ 9 itself. */
    private static byte[] routing() {
        var entries = new ArrayList<byte[]>();
        for (int slot = 0; slot < 32; slot++) {
            for (int pin = 0; pin < 4; pin++) {
                String link = slot == 1 && pin == 0 ? "LNKS" : LINKS[slot + 3 + pin & 3];
                byte[] where = integer((long) slot << 16 | 0xffff);
                byte[] source = path("\\_SB." + link);
                entries.add(packageOf(where, integer(pin), source, integer(0)));
            }
        }
        return packageOf(entries.toArray(byte[][]::new));
    }

    private static byte[] isaBridge(Board board) {
        var terms = new ArrayList<byte[]>();
        terms.add(name("_ADR", integer(0x10000)));
        terms.add(operationRegion("P40C", Aml.PCI_CONFIG, 0x60, 4));
        terms.add(
                field(
                        "P40C",
                        Aml.BYTE_ACCESS,
                        ROUTES[0],
                        8,
                        ROUTES[1],
                        8,
                        ROUTES[2],
                        8,
                        ROUTES[3],
                        8));
        terms.add(isaDevice("RTC", "PNP0B00", new Resources().io(0x70, 8).irq(8)));
        terms.add(isaDevice("KBD", "PNP0303", new Resources().io(0x60, 1).io(0x64, 1).irq(1)));
        terms.add(isaDevice("MOU", "PNP0F13", new Resources().irq(12)));
        terms.add(isaDevice("SPKR", "PNP0800", new Resources().io(0x61, 1)));
        if (board.floppies) {
            var floppy = new Resources().io(0x3f2, 4).io(0x3f7, 1).irq(6).dma(2);
            terms.add(isaDevice("FDC0", "PNP0700", floppy));
        }
        for (int i = 0; i < board.serialPorts; i++) {
            terms.add(serialPort(i));
        }
        return device("ISA", terms.toArray(byte[][]::new));
    }

    private static byte[] isaDevice(String segment, String id, Resources resources) {
        return device(
                segment,
                name("_HID", eisaId(id)),
                name("_STA", integer(PRESENT)),
                name("_CRS", resources.toAml()));
    }

    private static byte[] serialPort(int index) {
        int base = new int[] {0x3f8, 0x2f8, 0x3e8, 0x2e8}[index];
        return device(
                "COM" + (index + 1),
                name("_HID", eisaId("PNP0501")),
                name("_UID", integer(index + 1)),
                name("_STA", integer(PRESENT)),
                name("_CRS", new Resources().io(base, 8).irq(index % 2 == 0 ? 4 : 3).toAml()));
    }

    private static byte[] firmwareConfig() {
        return device(
                "FWCF",
                name("_HID", string("QEMU0002")),
                name("_STA", integer(PRESENT_HIDDEN)),
                name("_CRS", new Resources().io(0x510, 12).toAml()));
    }

    private static List<byte[]> links() {
        var links = new ArrayList<byte[]>();
        for (int i = 0; i < LINKS.length; i++) {
            links.add(link(i));
        }
        return links;
    }

    private static byte[] link(int index) {
        byte[] route = path("\\_SB.PCI0.ISA." + ROUTES[index]);
        byte[] off = integer(IRQ_ROUTING_DISABLED);
        return device(
                LINKS[index],
                name("_HID", eisaId("PNP0C0F")),
                name("_UID", integer(index)),
                name("_PRS", new Resources().interrupts(5, 10, 11).toAml()),
                method(
                        "_STA",
                        0,
                        when(and(route, off, Aml.NOWHERE), returns(integer(LINK_OFF))),
                        returns(integer(PRESENT_HIDDEN))),
                method("_DIS", 0, or(route, off, route)),
                currentRoute(route, off),
                method("_SRS", 1, createDWordField(arg(0), 5, "PRRI"), store(path("PRRI"), route)));
    }

    private static byte[] currentRoute(byte[] route, byte[] off) {
        // Serialized (bit 3): it makes names.
        return method(
                "_CRS",
                8,
                name("PRR0", new Resources().interrupts(0).toAml()),
                createDWordField(path("PRR0"), 5, "PRRI"),
                when(less(route, off), store(route, path("PRRI"))),
                returns(path("PRR0")));
    }

    /** The system control interrupt as a link that cannot be moved. */
    private static byte[] sciLink() {
        byte[] sci = new Resources().interrupts(AcpiTables.SCI_IRQ).toAml();
        return device(
                "LNKS",
                name("_HID", eisaId("PNP0C0F")),
                name("_UID", integer(4)),
                name("_PRS", sci),
                name("_STA", integer(PRESENT_HIDDEN)),
                method("_DIS", 0),
                name("_CRS", sci),
                method("_SRS", 1));
    }

    private static byte[] hpet() {
        return device(
                "HPET",
                name("_HID", eisaId("PNP0103")),
                name("_UID", integer(0)),
                name("_STA", integer(PRESENT)),
                name("_CRS", new Resources().fixedMemory(AcpiTables.HPET_BASE, 0x400).toAml()));
    }

    private static byte[] processors(int count) {
        var processors = new ArrayList<byte[]>();
        for (int i = 0; i < count; i++) {
            processors.add(processor("C%03X".formatted(i), i));
        }
        return concat(processors);
    }
}
