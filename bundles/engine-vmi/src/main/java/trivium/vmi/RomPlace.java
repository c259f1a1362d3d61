package trivium.vmi;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import trivium.hostos.HostMemory;
import trivium.memory.PhysicalMemory;

/** The ROM where the guest has it, in memory that the guest may not write. */
final class RomPlace {
    private static final int FIRST = 0xc_0000, END = 0xe_0000, JUMP_BYTES = 5, PAGE = 4096;

    private RomPlace() {}

    /**
     * Has the calls that differ go one way or the other; between any two instructions of the guest.
     *
     * @return whether a ROM was found
     */
    static boolean serve(PhysicalMemory memory, boolean hypervisor) {
        for (int gpa = FIRST; gpa < END; gpa += Rom.STEP) {
            if (memory.read(gpa, 2) == Rom.SIGNATURE
                    && (int) memory.read(gpa + Rom.VROM_SIGNATURE, 4) == Rom.VMI_SIGNATURE) {
                byte[] rom = new byte[Rom.BYTES];
                memory.read(gpa, rom, 0, rom.length);
                lead(memory, gpa, rom, hypervisor);
                return true;
            }
        }
        return false;
    }

    private static void lead(PhysicalMemory memory, int gpa, byte[] rom, boolean hypervisor) {
        ByteBuffer b = ByteBuffer.wrap(rom).order(ByteOrder.LITTLE_ENDIAN);
        if (b.getInt(Rom.SWITCHES) != Rom.SWITCHES_MARK) {
            return; // somebody else's
        }
        int most = (Rom.BYTES - Rom.FIRST_SWITCH) / Rom.SWITCH_BYTES;
        int count = Math.min(b.getShort(Rom.SWITCH_COUNT) & 0xffff, most);
        byte[] before = rom.clone();
        for (int i = 0; i < count; i++) {
            int at = Rom.FIRST_SWITCH + Rom.SWITCH_BYTES * i;
            int jump = b.getShort(at) & 0xffff;
            int to = b.getShort(hypervisor ? at + 4 : at + 2) & 0xffff;
            if (jump + JUMP_BYTES <= rom.length) { // who knows what a guest did to its ROM
                b.putInt(jump + 1, to - (jump + JUMP_BYTES));
            }
        }
        int bytes = (rom[Rom.LENGTH] & 0xff) * Rom.UNIT;
        if (bytes == rom.length) {
            rom[Rom.CHECKSUM] = 0;
            rom[Rom.CHECKSUM] = Rom.checksum(rom, 0, rom.length);
        }
        for (int i = 0; i < rom.length; i++) {
            if (rom[i] != before[i]) {
                put(memory, gpa + i, rom[i]);
            }
        }
    }

    /** Also to what the guest sees as read-only. */
    private static void put(PhysicalMemory memory, int gpa, byte value) {
        long page = memory.readableHost(gpa);
        if (page != 0) {
            HostMemory.putByte(page + gpa % PAGE, value);
            memory.codeChanged(gpa, 1);
        }
    }
}
