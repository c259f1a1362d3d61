package trivium.vmi;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import trivium.vmi.Code.Label;

/**
 * The VMI option ROM, API 3.0: a header that 32-bit Linux looks for between C0000 and DFFFF, the
 * two functions it calls at fixed places, and those it learns of from the second. Position does not
 * matter, and nothing in it is written to. The ROM's bytes may be used under the GNU General Public
 * License, version 2, as well as under this project's: kernels run no other.
 *
 * <p>A function that differs under the hypervisor begins with a jump, which {@link VmiDevice} leads
 * to one way or the other ({@link #SWITCHES}); both ways stay where they are, for somebody may be
 * in the middle of one.
 */
final class Rom {
    static final int BYTES = 4096, UNIT = 512, STEP = 2048;
    static final int SIGNATURE = 0xaa55, VMI_SIGNATURE = 0x696d_5663;

    /** Offsets in the header. */
    static final int LENGTH = 0x02, CHECKSUM = 0x07, VROM_SIGNATURE = 0x08, VIRTUAL_TOP = 0x10;

    static final int INIT = 0x80, GET_RELOCATION = 0x88;
    private static final int PNP = 0x90, PCI = 0xb0, STRINGS = 0xc8, TABLE = 0x100;

    /**
     * Where the switches are told of: a mark, how many, then for each the offsets of the jump, of
     * the native and of the hypervisor's code, 16 bits each.
     */
    static final int SWITCHES = TABLE + 4 * 80;

    static final int SWITCHES_MARK = 0x5773_7654, SWITCH_COUNT = SWITCHES + 4;
    static final int FIRST_SWITCH = SWITCHES + 6, SWITCH_BYTES = 6;
    private static final int MOST_SWITCHES = 8;
    private static final int CODE = FIRST_SWITCH + SWITCH_BYTES * MOST_SWITCHES + 15 & -16;
    private static final int VENDOR_VMWARE = 0x15ad, DEVICE_VMI = 0x0801, INT3 = 0xcc;

    /** Which calls a ROM serves. */
    enum Variant {
        /** All there are. */
        FULL,
        /** All but those for which there is nothing to do: kernels go on without a call. */
        LEAN,
        /** Those that need no more than instructions: the timers and APICs are the hardware's. */
        NATIVE,
        /** IRET and SYSEXIT, without which Linux does not run. */
        MINIMAL;

        private static final Set<Call> NEED_DEVICE =
                EnumSet.of(
                        Call.SET_INITIAL_AP_STATE,
                        Call.APIC_WRITE,
                        Call.APIC_READ,
                        Call.GET_CYCLE_FREQUENCY,
                        Call.GET_CYCLE_COUNTER,
                        Call.SET_ALARM,
                        Call.CANCEL_ALARM,
                        Call.GET_WALLCLOCK_TIME,
                        Call.WALLCLOCK_UPDATED);

        /** Where the guest's tables are the truth. Old kernels call SetLinearMapping regardless. */
        private static final Set<Call> DO_NOTHING =
                EnumSet.of(
                        Call.UPDATE_KERNEL_STACK,
                        Call.UPDATE_PXE,
                        Call.UPDATE_PXE_LONG,
                        Call.ALLOCATE_PAGE,
                        Call.RELEASE_PAGE,
                        Call.SET_LAZY_MODE);

        boolean serves(Call call) {
            return switch (this) {
                case FULL -> true;
                case LEAN -> !DO_NOTHING.contains(call);
                case NATIVE -> !NEED_DEVICE.contains(call);
                case MINIMAL -> call == Call.IRET || call == Call.SYSEXIT;
            };
        }
    }

    /**
     * @param major version of this ROM, as kernels print it
     * @param virtualTop the first linear address that the hypervisor keeps to itself, or 0
     * @param replaced code for calls, in place of ours
     */
    record Options(
            Variant variant, int major, int minor, int virtualTop, Map<Call, byte[]> replaced) {
        Options {
            replaced = Map.copyOf(replaced);
        }
    }

    private record Switch(int jump, int nativeWay, int hypervisorWay) {}

    private final Options options;
    private final ByteBuffer image = ByteBuffer.allocate(BYTES).order(ByteOrder.LITTLE_ENDIAN);
    private final Map<Call, Label> entries = new EnumMap<>(Call.class);
    private final List<Switch> switches = new ArrayList<>();

    private Rom(Options options) {
        this.options = options;
    }

    static byte[] build(Options options) {
        Rom rom = new Rom(options);
        rom.header();
        rom.pnp();
        rom.pci();
        rom.code();
        rom.tables();
        byte[] bytes = rom.image.array();
        bytes[CHECKSUM] = checksum(bytes, 0, BYTES);
        return bytes;
    }

    private void header() {
        image.putShort(0, (short) SIGNATURE);
        image.put(LENGTH, (byte) (BYTES / UNIT));
        image.put(3, (byte) 0xcb); // firmware's entry: retf
        image.putInt(VROM_SIGNATURE, VMI_SIGNATURE);
        image.put(0x0c, (byte) 0); // API version 3.0
        image.put(0x0d, (byte) 3);
        image.put(0x0e, (byte) Call.count());
        image.putInt(VIRTUAL_TOP, options.virtualTop);
        image.putShort(0x16, (short) STRINGS);
        image.putShort(0x18, (short) PCI);
        image.putShort(0x1a, (short) PNP);
    }

    /**
     * @return the offset behind it
     */
    private int text(int at, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        image.put(at, bytes);
        return at + bytes.length + 1;
    }

    /** Plug and Play BIOS Specification 1.0A, without anything to boot; and the licence. */
    private void pnp() {
        int manufacturer = text(STRINGS, "GPL v2");
        int product = text(manufacturer, "Trivium");
        text(product, "VMI " + options.variant);
        text(PNP, "$PnP");
        image.put(PNP + 4, (byte) 1); // revision
        image.put(PNP + 5, (byte) 2); // length in 16-byte units
        image.putShort(PNP + 0x0e, (short) manufacturer);
        image.putShort(PNP + 0x10, (short) product);
        image.put(PNP + 9, checksum(image.array(), PNP, 32));
    }

    /** PCI Firmware Specification 3.0 "PCI Data Structure"; a memory controller by VMware. */
    private void pci() {
        text(PCI, "PCIR");
        image.putShort(PCI + 4, (short) VENDOR_VMWARE);
        image.putShort(PCI + 6, (short) DEVICE_VMI);
        image.putShort(PCI + 0x0a, (short) 0x18);
        image.put(PCI + 0x0e, (byte) 0x80);
        image.put(PCI + 0x0f, (byte) 0x05);
        image.putShort(PCI + 0x10, (short) (BYTES / UNIT));
        image.put(PCI + 0x12, (byte) options.minor);
        image.put(PCI + 0x13, (byte) options.major);
        image.put(PCI + 0x15, (byte) 0x80); // the last image
    }

    static byte checksum(byte[] bytes, int from, int length) {
        int sum = 0;
        for (int i = from; i < from + length; i++) {
            sum += bytes[i];
        }
        return (byte) -sum;
    }

    private void code() {
        Code code = new Code(0), fixed = new Code(INIT);
        Label start = code.here(), table = new Label(), init = new Label(), info = new Label();
        code.emit(new int[TABLE]);
        code.bind(table);
        code.emit(new int[CODE - TABLE]);
        var functions = new RomCode(code);
        code.bind(init);
        functions.init();
        code.align(16, INT3).bind(info);
        functions.getRelocationInfo(start, table);
        for (Call call : Call.values()) {
            code.align(16, INT3);
            function(code, functions, call);
        }
        byte[] bytes = code.toBytes();
        if (bytes.length > BYTES) {
            throw new IllegalStateException("the ROM has %d bytes".formatted(bytes.length));
        }
        image.put(CODE, bytes, CODE, bytes.length - CODE);
        fixed.jump(init).align(8, 0x90).jump(info);
        image.put(INIT, fixed.toBytes());
    }

    private void function(Code code, RomCode functions, Call call) {
        byte[] other = options.replaced.get(call);
        if (other != null) {
            entries.put(call, code.here());
            for (byte b : other) {
                code.emit(b);
            }
            return;
        }
        Label hypervisor = code.here();
        if (!functions.hypercall(call)) {
            entries.put(call, code.here());
            functions.call(call);
            return;
        }
        code.align(16, INT3);
        Label plain = code.here();
        functions.call(call);
        code.align(16, INT3);
        Label jump = code.here();
        code.jump(plain);
        entries.put(call, jump);
        switches.add(new Switch(jump.offset(), plain.offset(), hypervisor.offset()));
    }

    private void tables() {
        for (Call call : Call.values()) {
            int at = TABLE + 4 * call.number();
            int type = options.variant.serves(call) ? call.relocation() : Call.NONE;
            image.putShort(at, (short) (type == Call.NONE ? 0 : entries.get(call).offset()));
            image.put(at + 2, (byte) type);
        }
        image.putInt(SWITCHES, SWITCHES_MARK);
        image.putShort(SWITCH_COUNT, (short) switches.size());
        for (int i = 0; i < switches.size(); i++) {
            Switch s = switches.get(i);
            int at = FIRST_SWITCH + SWITCH_BYTES * i;
            image.putShort(at, (short) s.jump);
            image.putShort(at + 2, (short) s.nativeWay);
            image.putShort(at + 4, (short) s.hypervisorWay);
        }
    }
}
