package trivium.x86.interp;

import static trivium.cpu.VcpuState.CS;
import static trivium.cpu.VcpuState.DS;
import static trivium.cpu.VcpuState.ES;
import static trivium.cpu.VcpuState.FS;
import static trivium.cpu.VcpuState.GS;
import static trivium.cpu.VcpuState.RSP;
import static trivium.cpu.VcpuState.SS;
import static trivium.x86.interp.Flags.*;

import trivium.cpu.VcpuState;

/**
 * RETF and IRET (SDM Vol. 2A "IRET", Vol. 2B "RET"): to the same or an outer level, to virtual-8086
 * mode, to another task.
 */
final class FarReturn {
    private final Cpu c;
    private final VcpuState s;
    private final SystemUnit unit;
    private final FrameStack stack;

    FarReturn(Cpu c, SystemUnit unit) {
        this.c = c;
        this.unit = unit;
        s = c.s;
        stack = new FrameStack(c);
    }

    // ---- RETF

    /**
     * @param size operand size in bytes
     * @param release bytes of parameters to take off the stack
     */
    void retf(int size, int release) {
        if (!c.protectedMode || c.v86) {
            retfReal(size, release);
            return;
        }
        stack.present(0);
        long ip = stack.pop(size);
        int selector = (int) stack.pop(size) & 0xffff;
        long code = checkCode(selector);
        int rpl = selector & 3;
        checkIp(code, ip);
        long sp = stack.sp + release;
        if (rpl == c.cpl) {
            commitCode(selector, code, ip);
            setSp(sp);
            return;
        }
        stack.sp = c.mode64 ? sp : sp & c.stackMask;
        long newSp = stack.pop(size);
        int stackSelector = (int) stack.pop(size) & 0xffff;
        long data = checkStack(stackSelector, rpl, is64(code));
        commitOuter(selector, code, ip, stackSelector, data);
        setSp(newSp + release);
    }

    private void retfReal(int size, int release) {
        long sp = c.r[RSP];
        long ip = c.load(SS, sp & c.stackMask, size);
        int selector = (int) c.load(SS, sp + size & c.stackMask, size) & 0xffff;
        if (ip > s.segments[CS].limit) {
            throw c.gp(0);
        }
        c.setSp(sp + 2L * size + release & c.stackMask);
        unit.segments.loadRealOrV86(CS, selector);
        c.rip = ip;
        c.codeChanged();
    }

    // ---- IRET

    void iret(int size) {
        if (!c.protectedMode) {
            iretReal(size);
        } else if (c.v86) {
            iretInV86(size);
        } else if ((s.rflags & NT) != 0) {
            if (c.longMode) {
                throw c.gp(0);
            }
            unit.tasks.returnToLink();
        } else {
            iretProtected(size);
        }
        s.nmiBlocked = false;
    }

    private void iretReal(int size) {
        long flags = popReal(size);
        long mask = STATUS | TF | IF | DF | IOPL | NT;
        unit.flags.set(flags, size == 2 ? mask : mask | RF | AC | ID);
    }

    /** Pops IP and CS. @return the flags image, which the caller sets */
    private long popReal(int size) {
        long sp = c.r[RSP];
        long ip = c.load(SS, sp & c.stackMask, size);
        int selector = (int) c.load(SS, sp + size & c.stackMask, size) & 0xffff;
        long flags = c.load(SS, sp + 2L * size & c.stackMask, size);
        if (ip > s.segments[CS].limit) {
            throw c.gp(0);
        }
        c.setSp(sp + 3L * size & c.stackMask);
        unit.segments.loadRealOrV86(CS, selector);
        c.rip = ip;
        c.codeChanged();
        return flags;
    }

    private void iretInV86(int size) {
        if (unit.flags.iopl() == 3) {
            long flags = popReal(size);
            long mask = STATUS | TF | IF | DF | NT;
            unit.flags.set(flags, size == 2 ? mask : mask | RF | AC | ID);
            return;
        }
        if (!unit.flags.vme() || size != 2) {
            throw c.gp(0);
        }
        long flags = c.load(SS, c.r[RSP] + 4 & c.stackMask, 2);
        boolean pending = (flags & IF) != 0 && (s.rflags & VIP) != 0;
        if (pending || (flags & TF) != 0) {
            throw c.gp(0);
        }
        unit.flags.popVirtual(popReal(2));
    }

    private void iretProtected(int size) {
        stack.present(0);
        long ip = stack.pop(size);
        int selector = (int) stack.pop(size) & 0xffff;
        long flags = stack.pop(size);
        if ((flags & VM) != 0 && size == 4 && c.cpl == 0 && !c.longMode) {
            iretToV86(ip, selector, flags);
            return;
        }
        long mask = flagsMask(size);
        long code = checkCode(selector);
        int rpl = selector & 3;
        if (rpl == c.cpl && !c.mode64) {
            checkIp(code, ip);
            commitCode(selector, code, ip);
            setSp(stack.sp);
        } else {
            long newSp = stack.pop(size);
            int stackSelector = (int) stack.pop(size) & 0xffff;
            long data = checkStack(stackSelector, rpl, is64(code));
            checkIp(code, ip);
            commitOuter(selector, code, ip, stackSelector, data);
            setSp(newSp);
        }
        unit.flags.set(flags, mask);
    }

    /** By the privilege before the return. */
    private long flagsMask(int size) {
        long mask = STATUS | TF | DF | NT;
        if (size > 2) {
            mask |= RF | AC | ID;
        }
        if (c.cpl <= unit.flags.iopl()) {
            mask |= IF;
        }
        if (c.cpl == 0) {
            mask |= size > 2 ? IOPL | VIF | VIP : IOPL;
        }
        return mask;
    }

    private void iretToV86(long ip, int selector, long flags) {
        long sp = stack.pop(4);
        int[] order = {SS, ES, DS, FS, GS};
        int[] selectors = new int[6];
        for (int i : order) {
            selectors[i] = (int) stack.pop(4) & 0xffff;
        }
        selectors[CS] = selector;
        if (ip > 0xffff) {
            throw c.gp(0);
        }
        for (int i = 0; i < 6; i++) {
            unit.segments.loadV86(i, selectors[i]);
        }
        long mask = STATUS | TF | IF | DF | IOPL | NT | RF | VM | AC | VIF | VIP | ID;
        unit.flags.set(flags, mask);
        c.r[RSP] = sp;
        c.rip = ip;
        c.modeChanged();
    }

    // ---- what both share

    private long checkCode(int selector) {
        if (Descriptors.isNull(selector)) {
            throw c.gp(0);
        }
        long raw = unit.descriptors.read(selector);
        int rpl = selector & 3;
        int dpl = Descriptors.dpl(raw);
        boolean level = Descriptors.conforming(raw) ? dpl <= rpl : dpl == rpl;
        boolean wrongMode = c.longMode && Descriptors.longCode(raw) && Descriptors.big(raw);
        if (!Descriptors.code(raw) || rpl < c.cpl || !level || wrongMode) {
            throw c.gp(selector & ~3);
        }
        if (!Descriptors.present(raw)) {
            throw c.fault(GuestException.NP, selector & ~3);
        }
        return raw;
    }

    private boolean is64(long code) {
        return c.longMode && Descriptors.longCode(code);
    }

    private void checkIp(long code, long ip) {
        boolean ok = is64(code) ? SegmentUnit.canonical(ip) : ip <= Descriptors.limit(code);
        if (!ok) {
            throw c.gp(0);
        }
    }

    /**
     * @return the stack's descriptor, or 0 for the null stack of 64-bit mode
     */
    private long checkStack(int selector, int rpl, boolean to64) {
        if (Descriptors.isNull(selector)) {
            if (!to64 || rpl == 3 || (selector & 3) != rpl) {
                throw c.gp(0);
            }
            return 0;
        }
        long raw = unit.descriptors.read(selector);
        boolean level = (selector & 3) == rpl && Descriptors.dpl(raw) == rpl;
        if (!Descriptors.writableData(raw) || !level) {
            throw c.gp(selector & ~3);
        }
        if (!Descriptors.present(raw)) {
            throw c.fault(GuestException.SS, selector & ~3);
        }
        return unit.descriptors.markAccessed(selector, raw);
    }

    private void commitCode(int selector, long code, long ip) {
        code = unit.descriptors.markAccessed(selector, code);
        Descriptors.load(s.segments[CS], selector, code);
        c.rip = ip;
        c.codeAndStackChanged();
    }

    private void commitOuter(int selector, long code, long ip, int stackSelector, long data) {
        int rpl = selector & 3;
        boolean outer = rpl > c.cpl;
        code = unit.descriptors.markAccessed(selector, code);
        Descriptors.load(s.segments[CS], selector, code);
        if (data == 0) {
            unit.segments.loadNullStack(stackSelector, rpl);
        } else {
            Descriptors.load(s.segments[SS], stackSelector, data);
        }
        if (outer) {
            unit.segments.dropInnerSegments(rpl);
        }
        c.rip = ip;
        c.codeAndStackChanged();
    }

    private void setSp(long sp) {
        if (c.mode64) {
            c.r[RSP] = sp;
        } else {
            c.setSp(sp);
        }
    }
}
