package trivium.x86.interp;

import static trivium.cpu.VcpuState.CS;
import static trivium.cpu.VcpuState.SS;
import static trivium.x86.interp.GuestException.NP;

import trivium.cpu.CpuModel;
import trivium.cpu.Segment;
import trivium.cpu.VcpuState;

/**
 * JMP and CALL to another code segment, directly, through call gates, or to another task (SDM Vol.
 * 2A "CALL", "JMP"; Vol. 3A "Calling a Code Segment Through Gates").
 */
final class FarTransfer {
    private final Cpu c;
    private final VcpuState s;
    private final SystemUnit unit;
    private final Descriptors descriptors;
    private final FrameStack stack, callersStack;
    private final Tss tss;

    FarTransfer(Cpu c, SystemUnit unit) {
        this.c = c;
        this.unit = unit;
        s = c.s;
        descriptors = unit.descriptors;
        tss = unit.tss;
        stack = new FrameStack(c);
        callersStack = new FrameStack(c);
    }

    /**
     * @param size operand size in bytes
     * @param next where the old task goes on if it is another's turn
     */
    void jump(int selector, long offset, int size, long next) {
        if (!c.protectedMode || c.v86) {
            goReal(selector, offset);
            return;
        }
        long raw = target(selector);
        if (Descriptors.ordinary(raw)) {
            checkDirect(selector, raw);
            go(selector & ~3 | c.cpl, raw, truncate(raw, offset, size));
        } else {
            system(selector, raw, false, next);
        }
    }

    /**
     * @param next where it returns to
     */
    void call(int selector, long offset, int size, long next) {
        if (!c.protectedMode || c.v86) {
            callReal(selector, offset, size, next);
            return;
        }
        long raw = target(selector);
        if (!Descriptors.ordinary(raw)) {
            system(selector, raw, true, next);
            return;
        }
        checkDirect(selector, raw);
        long to = truncate(raw, offset, size);
        checkIp(raw, to);
        stack.present(0);
        stack.push(size, s.segments[CS].selector);
        stack.push(size, next);
        go(selector & ~3 | c.cpl, raw, to);
        setSp();
    }

    // ---- real and virtual-8086 mode

    private void goReal(int selector, long offset) {
        if (offset > s.segments[CS].limit) {
            throw c.gp(0);
        }
        unit.segments.loadRealOrV86(CS, selector);
        c.rip = offset;
        c.codeChanged();
    }

    private void callReal(int selector, long offset, int size, long next) {
        if (offset > s.segments[CS].limit) {
            throw c.gp(0);
        }
        long sp = c.r[VcpuState.RSP];
        c.checkWrite(SS, sp - 2L * size & c.stackMask, size);
        c.store(SS, sp - size & c.stackMask, size, s.segments[CS].selector);
        c.store(SS, sp - 2L * size & c.stackMask, size, next);
        c.setSp(sp - 2L * size & c.stackMask);
        goReal(selector, offset);
    }

    // ---- protected mode

    private long target(int selector) {
        if (Descriptors.isNull(selector)) {
            throw c.gp(0);
        }
        return descriptors.read(selector);
    }

    private void checkDirect(int selector, long raw) {
        int dpl = Descriptors.dpl(raw);
        boolean allowed =
                Descriptors.conforming(raw)
                        ? dpl <= c.cpl
                        : dpl == c.cpl && (selector & 3) <= c.cpl;
        if (!Descriptors.code(raw) || !allowed || isBadLongCode(raw)) {
            throw c.gp(selector & ~3);
        }
        if (!Descriptors.present(raw)) {
            throw c.fault(NP, selector & ~3);
        }
    }

    private boolean isBadLongCode(long raw) {
        return c.longMode && Descriptors.longCode(raw) && Descriptors.big(raw);
    }

    private long truncate(long raw, long offset, int size) {
        if (size == 2) {
            return offset & 0xffff;
        }
        return is64(raw) ? offset : offset & 0xffff_ffffL;
    }

    private boolean is64(long raw) {
        return c.longMode && Descriptors.longCode(raw);
    }

    private void checkIp(long raw, long ip) {
        boolean ok = is64(raw) ? SegmentUnit.canonical(ip) : ip <= Descriptors.limit(raw);
        if (!ok) {
            throw c.gp(0);
        }
    }

    private void go(int selector, long raw, long ip) {
        checkIp(raw, ip);
        raw = descriptors.markAccessed(selector, raw);
        Descriptors.load(s.segments[CS], selector, raw);
        c.rip = ip;
        c.modeChanged();
    }

    private void setSp() {
        if (c.mode64) {
            c.r[VcpuState.RSP] = stack.sp;
        } else {
            c.setSp(stack.sp);
        }
    }

    /** Gates and tasks. */
    private void system(int selector, long raw, boolean call, long next) {
        int type = Descriptors.type(raw);
        boolean known =
                switch (type) {
                    case Descriptors.TSS16, Descriptors.TASK_GATE, Descriptors.CALL16 ->
                            !c.longMode;
                    case Descriptors.TSS32 -> !c.longMode && c.model.atLeast(CpuModel.I386);
                    case Descriptors.CALL32 -> c.model.atLeast(CpuModel.I386);
                    default -> false;
                };
        if (!known || Descriptors.dpl(raw) < Math.max(c.cpl, selector & 3)) {
            throw c.gp(selector & ~3);
        }
        boolean tssDescriptor = (type & ~8) == Descriptors.TSS16;
        if (tssDescriptor && (selector & 4) != 0) {
            throw c.gp(selector & ~3);
        }
        if (!Descriptors.present(raw)) {
            throw c.fault(NP, selector & ~3);
        }
        if (tssDescriptor) {
            c.rip = next;
            unit.tasks.toTss(selector, raw, call);
        } else if (type == Descriptors.TASK_GATE) {
            c.rip = next;
            unit.tasks.throughGate((int) (raw >>> 16) & 0xffff, call);
        } else {
            gate(selector, raw, call, next);
        }
    }

    private void gate(int gateSelector, long gate, boolean call, long next) {
        int size = c.longMode ? 8 : Descriptors.type(gate) == Descriptors.CALL32 ? 4 : 2;
        long offset = gate & 0xffff | (size > 2 ? gate >>> 32 & 0xffff_0000L : 0);
        if (c.longMode) {
            long upper = descriptors.readUpper(gateSelector, GuestException.GP);
            if ((upper >>> 40 & 0x1f) != 0) {
                throw c.gp(gateSelector & ~3);
            }
            offset |= upper << 32;
        }
        int selector = (int) (gate >>> 16) & 0xffff;
        long raw = target(selector);
        int dpl = Descriptors.dpl(raw);
        boolean wrongMode = c.longMode && (!Descriptors.longCode(raw) || Descriptors.big(raw));
        boolean allowed = call || Descriptors.conforming(raw) ? dpl <= c.cpl : dpl == c.cpl;
        if (!Descriptors.code(raw) || !allowed || wrongMode) {
            throw c.gp(selector & ~3);
        }
        if (!Descriptors.present(raw)) {
            throw c.fault(NP, selector & ~3);
        }
        if (!call) {
            go(selector & ~3 | c.cpl, raw, offset);
        } else if (!Descriptors.conforming(raw) && dpl < c.cpl) {
            callInner(selector, raw, offset, size, (int) (gate >>> 32) & 0x1f, next);
        } else {
            checkIp(raw, offset);
            stack.present(0);
            stack.push(size, s.segments[CS].selector);
            stack.push(size, next);
            go(selector & ~3 | c.cpl, raw, offset);
            setSp();
        }
    }

    private void callInner(
            int selector, long raw, long offset, int size, int parameters, long next) {
        int cpl = Descriptors.dpl(raw);
        long stackSegment = 0;
        if (c.longMode) {
            stack.wide(tss.rsp(cpl, 0), cpl, 0);
        } else {
            stackSegment = tss.inner(cpl, 0);
            stack.of(stackSegment, tss.pointer, cpl, tss.selector & ~3);
        }
        checkIp(raw, offset);
        stack.push(size, s.segments[SS].selector);
        stack.push(size, c.r[VcpuState.RSP]);
        if (!c.longMode) {
            copyParameters(parameters, size);
        }
        stack.push(size, s.segments[CS].selector);
        stack.push(size, next);
        if (c.longMode) {
            s.segments[SS].set(cpl, 0, 0xffff, cpl << Segment.DPL_SHIFT);
        } else {
            Descriptors.load(s.segments[SS], tss.selector, stackSegment);
        }
        go(selector & ~3 | cpl, raw, offset);
        setSp();
    }

    /** The caller's topmost words, in the same order. */
    private void copyParameters(int count, int size) {
        callersStack.present(0);
        long top = callersStack.sp;
        for (int i = count - 1; i >= 0; i--) {
            callersStack.sp = top + (long) i * size & c.stackMask;
            stack.push(size, callersStack.pop(size));
        }
    }
}
