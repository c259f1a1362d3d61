package trivium.x86.interp;

import static trivium.x86.interp.Flags.*;

import trivium.cpu.VcpuState;

/**
 * Breakpoints, single step and the other causes of #DB (SDM Vol. 3B "Debug Exceptions"). Hits of
 * data and I/O breakpoints are collected while an instruction runs and reported after it. DR6 bits
 * 0 to 3 tell the last #DB alone. Not modelled: last-branch records, BTF.
 */
final class DebugUnit {
    static final long GD = 1 << 13, ENABLED = 0xff;
    private static final long BD = 1 << 13, BS = 1 << 14, BT = 1 << 15, HITS = 0xf;
    private static final int EXECUTE = 0, WRITE = 1, IO = 2;
    private static final int[] LENGTH = {1, 2, 8, 4};

    private final Cpu c;
    private final VcpuState s;
    private final SystemUnit unit;

    /** Breakpoints hit by the instruction under way, as DR6 bits. */
    private long hits;

    /** The instruction was INT n or the like: no single-step trap after it. */
    private boolean stepSuppressed;

    DebugUnit(Cpu c, SystemUnit unit) {
        this.c = c;
        this.unit = unit;
        s = c.s;
    }

    private boolean enabled(int i) {
        return (s.dr[7] >>> 2 * i & 3) != 0;
    }

    private int kind(int i) {
        return (int) (s.dr[7] >>> 16 + 4 * i) & 3;
    }

    private int length(int i) {
        return LENGTH[(int) (s.dr[7] >>> 18 + 4 * i) & 3];
    }

    /** Whether any breakpoint is armed. */
    boolean armed() {
        return (s.dr[7] & ENABLED) != 0;
    }

    boolean dataArmed() {
        if (!armed()) {
            return false;
        }
        for (int i = 0; i < 4; i++) {
            if (enabled(i) && kind(i) != EXECUTE && kind(i) != IO) {
                return true;
            }
        }
        return false;
    }

    void dataAccess(long linear, int size, boolean write) {
        for (int i = 0; i < 4; i++) {
            boolean data = kind(i) == WRITE ? write : kind(i) == 3;
            if (enabled(i) && data && overlaps(i, linear, size)) {
                hits |= 1L << i;
            }
        }
    }

    void portAccess(int port, int size) {
        if (!armed() || (s.cr4 & CR4_DE) == 0) {
            return;
        }
        for (int i = 0; i < 4; i++) {
            if (enabled(i) && kind(i) == IO && overlaps(i, port, size)) {
                hits |= 1L << i;
            }
        }
    }

    private boolean overlaps(int i, long at, int size) {
        int length = length(i);
        long from = s.dr[i] & -length;
        return at < from + length && at + size > from;
    }

    // ---- before and after an instruction

    /**
     * An instruction begins: hits an instruction breakpoint, unless RF is set.
     *
     * @return whether #DB must be delivered now, instead of the instruction
     */
    boolean before(boolean inhibited) {
        if (!inhibited) {
            hits = 0;
        }
        stepSuppressed = false;
        boolean resume = (s.rflags & RF) != 0;
        s.rflags &= ~(long) RF;
        if (!armed() || resume || inhibited) {
            return false;
        }
        long linear = c.base[VcpuState.CS] + c.rip & c.linearMask;
        long hit = 0;
        for (int i = 0; i < 4; i++) {
            if (enabled(i) && kind(i) == EXECUTE && s.dr[i] == linear) {
                hit |= 1L << i;
            }
        }
        report(hit);
        return hit != 0;
    }

    /** After an instruction: the traps it raised. @return false on a triple fault */
    boolean after(boolean trapFlagWasSet) {
        boolean step = trapFlagWasSet && !stepSuppressed;
        if (hits == 0 && !step) {
            return true;
        }
        report(hits | (step ? BS : 0));
        hits = 0;
        return unit.events.debugException();
    }

    private void report(long causes) {
        if (causes != 0) {
            s.dr[6] = s.dr[6] & ~HITS | causes;
        }
    }

    /** The instruction faulted: nothing of it has happened. */
    void forget() {
        hits = 0;
    }

    void suppressStep() {
        stepSuppressed = true;
    }

    /** INT1 is a #DB itself: what MOV SS held back comes with it. */
    void joinHits() {
        report(hits);
        hits = 0;
        stepSuppressed = true;
    }

    /** A task switch to a TSS with the T bit. */
    void taskTrap() {
        trapNow(BT);
    }

    /** A single-step trap at the end of this very instruction. */
    void stepNow() {
        trapNow(BS);
    }

    private void trapNow(long cause) {
        report(cause);
        stepSuppressed = true;
        if (!unit.events.debugException()) {
            unit.shutdown();
        }
    }

    // ---- MOV to and from DR

    /** MOV from DRn. */
    long read(int n) {
        return s.dr[register(n)];
    }

    /** MOV to DRn; {@code wide} in 64-bit mode. */
    void write(int n, long value, boolean wide) {
        int i = register(n);
        if (!wide) {
            value &= 0xffff_ffffL;
        } else if (i >= 6 && value >>> 32 != 0) {
            throw c.gp(0);
        }
        switch (i) {
            case 6 -> s.dr[6] = value & 0xe00fL | 0xffff_0ff0L;
            case 7 -> s.dr[7] = value & 0xffff_23ffL | 0x400;
            default -> s.dr[i] = value;
        }
        c.updateFastPath();
        unit.updateAttention();
    }

    /** DR4 and DR5 are DR6 and DR7 unless CR4.DE; #DB if DR7.GD guards them. */
    private int register(int n) {
        if (n > 7 || (n == 4 || n == 5) && (s.cr4 & CR4_DE) != 0) {
            throw c.ud();
        }
        if ((s.dr[7] & GD) != 0) {
            s.dr[6] |= BD;
            throw c.fault(GuestException.DB);
        }
        return n == 4 || n == 5 ? n + 2 : n;
    }
}
