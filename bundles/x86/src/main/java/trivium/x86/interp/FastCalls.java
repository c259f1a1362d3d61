package trivium.x86.interp;

import static trivium.cpu.VcpuState.CS;
import static trivium.cpu.VcpuState.GS;
import static trivium.cpu.VcpuState.RCX;
import static trivium.cpu.VcpuState.RDX;
import static trivium.cpu.VcpuState.RSP;
import static trivium.cpu.VcpuState.SS;
import static trivium.x86.interp.Flags.*;

import trivium.cpu.Segment;
import trivium.cpu.VcpuState;

/**
 * SYSCALL, SYSRET, SYSENTER, SYSEXIT, SWAPGS (SDM Vol. 2B; the legacy-mode SYSCALL and SYSRET by
 * APM Vol. 3).
 */
final class FastCalls {
    private static final int R11 = 11;
    private static final int CODE64 = 0xa09b, CODE32 = 0xc09b, DATA = 0xc093;
    private static final int USER = 3 << Segment.DPL_SHIFT;
    private static final long FLAT = 0xffff_ffffL;
    private static final long SYSRET_FLAGS = 0x3c_7fd7;

    private final Cpu c;
    private final VcpuState s;
    private final SystemUnit unit;

    FastCalls(Cpu c, SystemUnit unit) {
        this.c = c;
        this.unit = unit;
        s = c.s;
    }

    void syscall(long next) {
        if ((s.efer & EFER_SCE) == 0 || !c.protectedMode || c.v86) {
            throw c.ud();
        }
        int selector = (int) (s.star >>> 32) & 0xfffc;
        c.r[RCX] = next;
        if (c.longMode) {
            c.r[R11] = c.flags() & ~(long) RF;
            c.rip = c.mode64 ? s.lstar : s.cstar;
            setFlags(c.flags() & ~(s.sfmask & 0xffff_ffffL) & ~(long) RF);
            flat(selector, CODE64, selector + 8, DATA);
        } else {
            c.rip = s.star & 0xffff_ffffL;
            setFlags(c.flags() & ~(long) (IF | RF | VM));
            flat(selector, CODE32, selector + 8, DATA);
        }
    }

    void sysret(int size) {
        if ((s.efer & EFER_SCE) == 0 || !c.protectedMode || c.v86) {
            throw c.ud();
        }
        if (c.cpl != 0) {
            throw c.gp(0);
        }
        int selector = (int) (s.star >>> 48) & 0xfffc;
        if (c.longMode) {
            boolean wide = size == 8;
            if (wide && !SegmentUnit.canonical(c.r[RCX])) {
                throw c.gp(0);
            }
            c.rip = wide ? c.r[RCX] : c.r[RCX] & 0xffff_ffffL;
            setFlags(c.r[R11] & SYSRET_FLAGS);
            int cs = wide ? selector + 16 : selector;
            flat(cs | 3, (wide ? CODE64 : CODE32) | USER, selector + 8 | 3, DATA | USER);
            if ((s.rflags & TF) != 0) {
                // Unlike after IRET and POPF, the trap comes before the next instruction.
                unit.debug.stepNow();
            }
        } else {
            c.rip = c.r[RCX] & 0xffff_ffffL;
            setFlags(c.flags() | IF);
            flat(selector | 3, CODE32 | USER, selector + 8 | 3, DATA | USER);
        }
    }

    void sysenter() {
        if (!c.protectedMode || (s.sysenterCs & 0xfffc) == 0) {
            throw c.gp(0);
        }
        int selector = (int) s.sysenterCs & 0xfffc;
        boolean wide = c.longMode;
        c.rip = wide ? s.sysenterEip : s.sysenterEip & 0xffff_ffffL;
        c.r[RSP] = wide ? s.sysenterEsp : s.sysenterEsp & 0xffff_ffffL;
        setFlags(c.flags() & ~(long) (IF | RF | VM));
        flat(selector, wide ? CODE64 : CODE32, selector + 8, DATA);
    }

    void sysexit(int size) {
        if (!c.protectedMode || (s.sysenterCs & 0xfffc) == 0 || c.cpl != 0) {
            throw c.gp(0);
        }
        int selector = (int) s.sysenterCs & 0xfffc;
        boolean wide = size == 8;
        if (wide && !(SegmentUnit.canonical(c.r[RDX]) && SegmentUnit.canonical(c.r[RCX]))) {
            throw c.gp(0);
        }
        long mask = wide ? -1L : 0xffff_ffffL;
        c.rip = c.r[RDX] & mask;
        c.r[RSP] = c.r[RCX] & mask;
        int cs = selector + (wide ? 32 : 16);
        flat(cs | 3, (wide ? CODE64 : CODE32) | USER, cs + 8 | 3, DATA | USER);
    }

    void swapgs() {
        Segment gs = s.segments[GS];
        long base = gs.base;
        gs.base = s.kernelGsBase;
        s.kernelGsBase = base;
        c.segmentChanged(GS);
    }

    private void setFlags(long flags) {
        s.rflags = flags | 2;
        c.setStatusFlags((int) flags);
    }

    private void flat(int codeSelector, int code, int stackSelector, int data) {
        s.segments[CS].set(codeSelector & 0xffff, 0, FLAT, code);
        s.segments[SS].set(stackSelector & 0xffff, 0, FLAT, data);
        c.codeAndStackChanged();
        unit.updateAttention();
    }
}
