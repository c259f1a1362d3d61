package trivium.machine.boot;

import trivium.cpu.VcpuState;
import trivium.machine.memory.GuestMemory;
import trivium.vm.VmException;

/**
 * Enters Linux at its 32-bit entry (boot.rst "32-bit Boot Protocol"), for boards without firmware:
 * there are no ACPI tables then, and no display until the kernel makes one.
 */
final class LinuxEntry {
    private static final long BOOT_PARAMS = 0x1_0000, COMMAND_LINE = 0x2_0000, GDT = 0x1000;
    private static final int HEADER = 0x1f1, E820_COUNT = 0x1e8, E820_TABLE = 0x2d0;
    private static final int E820_ENTRY = 20, PARAMS_BYTES = 4096, JUMP_END = 0x201;
    private static final long RAM = 1, RESERVED = 2;
    private static final long BASE_END = 0x9_fc00, BASE_RAM = 0xa_0000, EXTENDED = 0x10_0000;

    private LinuxEntry() {}

    static void enter(
            GuestMemory memory,
            VcpuState cpu,
            BzImage linux,
            String commandLine,
            long initrdAt,
            byte[] initrd)
            throws VmException {
        byte[] line = linux.commandLine(commandLine);
        byte[] params = params(memory, linux, initrdAt, initrd.length);
        memory.write(BOOT_PARAMS, params, 0, params.length);
        memory.write(COMMAND_LINE, line, 0, line.length);
        memory.write(BzImage.LOAD, linux.payload(), 0, linux.payload().length);
        memory.write(initrdAt, initrd, 0, initrd.length);
        FlatMode.enter(cpu, memory, GDT, linux.code32Start(), BOOT_PARAMS);
        cpu.gpr[VcpuState.RSI] = BOOT_PARAMS;
    }

    /** The zero page (Documentation/arch/x86/zero-page.rst) with the kernel's own header in it. */
    private static byte[] params(
            GuestMemory memory, BzImage linux, long initrdAt, int initrdBytes) {
        byte[] setup = linux.patchedSetup(COMMAND_LINE, initrdAt, initrdBytes);
        byte[] params = new byte[PARAMS_BYTES];
        int headerEnd = JUMP_END + 1 + (setup[JUMP_END] & 0xff); // the jump over the header
        System.arraycopy(setup, HEADER, params, HEADER, Math.min(headerEnd, 0x290) - HEADER);
        long[][] map = {
            {0, BASE_END, RAM},
            {BASE_END, BASE_RAM, RESERVED},
            {0xf_0000, EXTENDED, RESERVED},
            {EXTENDED, memory.lowRamEnd(), RAM},
            {1L << 32, memory.highRamEnd(), RAM},
        };
        int count = 0;
        for (long[] range : map) {
            if (range[1] > range[0]) {
                int at = E820_TABLE + E820_ENTRY * count++;
                Little.put64(params, at, range[0]);
                Little.put64(params, at + 8, range[1] - range[0]);
                Little.put32(params, at + 16, range[2]);
            }
        }
        params[E820_COUNT] = (byte) count;
        return params;
    }
}
