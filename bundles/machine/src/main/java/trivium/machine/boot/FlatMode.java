package trivium.machine.boot;

import trivium.cpu.VcpuState;
import trivium.machine.memory.GuestMemory;

/** 32-bit protected mode with flat segments, paging and interrupts off: how loaders hand over. */
final class FlatMode {
    private static final int CODE = 0xc09b, DATA = 0xc093, TSS_BUSY = 0x8b;
    private static final long LIMIT = 0xffff_ffffL, CR0_PE_ET = 0x11;

    /** Null, unused, 0x10 code, 0x18 data: the selectors boot.rst asks for. */
    private static final long[] GDT = {0, 0, 0x00cf_9b00_0000_ffffL, 0x00cf_9300_0000_ffffL};

    private static final int CODE_SELECTOR = 0x10, DATA_SELECTOR = 0x18;

    private FlatMode() {}

    /**
     * @param gdt where 32 bytes of RAM are free for a GDT
     */
    static void enter(VcpuState cpu, GuestMemory memory, long gdt, long entry, long stack) {
        for (int i = 0; i < GDT.length; i++) {
            memory.write(gdt + 8 * i, 8, GDT[i]);
        }
        for (int s = 0; s < cpu.segments.length; s++) {
            cpu.segments[s].set(DATA_SELECTOR, 0, LIMIT, DATA);
        }
        cpu.segments[VcpuState.CS].set(CODE_SELECTOR, 0, LIMIT, CODE);
        cpu.tr.set(0, 0, 0xffff, TSS_BUSY);
        cpu.gdtrBase = gdt;
        cpu.gdtrLimit = GDT.length * 8 - 1;
        cpu.cr0 = CR0_PE_ET;
        cpu.rflags = 2;
        cpu.rip = entry;
        cpu.gpr[VcpuState.RSP] = stack;
    }
}
