package trivium.bt;

import static trivium.x86.interp.Flags.CR0_PG;

import trivium.cpu.VcpuState;
import trivium.x86.interp.Cpu;

/**
 * What a translation takes for granted of the CPU's mode. Two blocks of one mode may be linked to
 * each other.
 *
 * @param codeSize 16, 32 or 64
 * @param stackMask which bits of RSP the stack uses
 * @param flat bit n: segment n has base 0 and no limit below 4 GiB, for reads and writes
 * @param tlb offset of the TLB of this privilege from the GS base
 * @param counted whether each block asks first if it would pass {@link Area#LIMIT}
 * @param window whether hot code finds memory in the {@link trivium.mmu.LinearWindow}: in 32-bit
 *     code of ring 3, or of any ring while paging is off
 * @param setsIf whether CLI, STI and POPF change IF: CPL is not above IOPL
 * @param real whether a selector alone tells a segment's base: real or virtual-8086 mode
 * @param codeBase the code segment's base
 * @param codeLimit the highest IP
 */
record Mode(
        int codeSize,
        long stackMask,
        int flat,
        int tlb,
        boolean user,
        boolean counted,
        boolean window,
        boolean setsIf,
        boolean real,
        long codeBase,
        long codeLimit) {
    private static final long NO_LIMIT = 0xffff_ffffL;
    private static final int IOPL_SHIFT = 12, ALL_FLAT = 0x3f;

    static Mode of(Cpu c, boolean counted) {
        return new Mode(
                c.codeSize,
                c.stackMask,
                flat(c),
                c.tlbOffset(),
                c.cpl == 3,
                counted,
                window(c),
                setsIf(c),
                real(c),
                c.base[VcpuState.CS],
                c.codeLimit);
    }

    /** Whether {@link #of} would give the same. */
    boolean is(Cpu c, boolean counted) {
        return codeSize == c.codeSize
                && stackMask == c.stackMask
                && tlb == c.tlbOffset()
                && user == (c.cpl == 3)
                && this.counted == counted
                && window == window(c)
                && setsIf == setsIf(c)
                && real == real(c)
                && codeBase == c.base[VcpuState.CS]
                && codeLimit == c.codeLimit
                && flat == flat(c);
    }

    private static boolean window(Cpu c) {
        return c.window != null
                && c.codeSize == 32
                && ((c.s.cr0 & CR0_PG) == 0 || c.tlbOffset() == Cpu.USER_TLB);
    }

    private static boolean setsIf(Cpu c) {
        return c.cpl <= (int) (c.s.rflags >>> IOPL_SHIFT & 3);
    }

    private static boolean real(Cpu c) {
        return !c.protectedMode || c.v86;
    }

    private static int flat(Cpu c) {
        if (c.mode64) {
            return ALL_FLAT; // nobody asks: FS and GS have their bases, the others none
        }
        int flat = 0;
        for (int i = 0; i < 6; i++) {
            if (c.base[i] == 0 && c.readLimit[i] >= NO_LIMIT && c.writeLimit[i] >= NO_LIMIT) {
                flat |= 1 << i;
            }
        }
        return flat;
    }

    Mode withTlb(int other) {
        return new Mode(
                codeSize, stackMask, flat, other, user, counted, window, setsIf, real, codeBase,
                codeLimit);
    }

    boolean is64() {
        return codeSize == 64;
    }

    /** Whether IN and OUT need no look at the I/O permission bit map. */
    boolean allPorts() {
        return setsIf && !(real && user);
    }

    /** The linear address of code. */
    long linear(long ip) {
        long linear = codeBase + ip;
        return is64() ? linear : linear & NO_LIMIT;
    }

    boolean flat(int segment) {
        return (flat & 1 << segment) != 0;
    }

    /** Number of this privilege's TLB, and of its EXEC table. */
    int table() {
        return tlb / Cpu.SUPERVISOR_TLB;
    }

    /** Offset of this privilege's EXEC table from the GS base. */
    int exec() {
        return Area.EXEC + table() * Area.EXEC_BYTES;
    }

    /** Offset of the EXEC entry of a linear address. */
    int execEntry(long linear) {
        return exec() + ((int) (linear >>> 12) & Area.EXEC_ENTRIES - 1) * 4;
    }
}
