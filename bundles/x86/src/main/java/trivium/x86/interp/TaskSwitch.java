package trivium.x86.interp;

import static trivium.cpu.VcpuState.CS;
import static trivium.cpu.VcpuState.DS;
import static trivium.cpu.VcpuState.ES;
import static trivium.cpu.VcpuState.FS;
import static trivium.cpu.VcpuState.GS;
import static trivium.cpu.VcpuState.SS;
import static trivium.x86.interp.Flags.*;
import static trivium.x86.interp.GuestException.GP;
import static trivium.x86.interp.GuestException.NP;
import static trivium.x86.interp.GuestException.TS;

import trivium.cpu.CpuModel;
import trivium.cpu.Segment;
import trivium.cpu.VcpuState;
import trivium.mmu.Mmu;

/**
 * Hardware task switching (SDM Vol. 3A "Task Management"). Everything that can fault in the old
 * task is done first; what faults later is delivered here, in the new task, whose state is then
 * already loaded.
 */
final class TaskSwitch {
    private enum Cause {
        JUMP,
        CALL,
        RETURN
    }

    private static final int MIN_LIMIT_16 = 0x2b, MIN_LIMIT_32 = 0x67;
    private static final int[] SEGMENTS_32 = {ES, CS, SS, DS, FS, GS};
    private static final int[] SEGMENTS_16 = {ES, CS, SS, DS};

    private final Cpu c;
    private final VcpuState s;
    private final SystemUnit unit;
    private final Descriptors descriptors;
    private final FrameStack stack;

    // The new task's TSS, read before anything changes.
    private final long[] newGpr = new long[8];
    private final int[] newSegments = new int[6];
    private long newIp, newFlags, newCr3;
    private int newLdt;
    private boolean newTrap;

    TaskSwitch(Cpu c, SystemUnit unit) {
        this.c = c;
        this.unit = unit;
        s = c.s;
        descriptors = unit.descriptors;
        stack = new FrameStack(c);
    }

    // ---- ways in

    /** JMP or CALL to a TSS descriptor, whose rights the caller checked. */
    void toTss(int selector, long raw, boolean call) {
        if (!Descriptors.present(raw)) {
            throw c.fault(NP, selector & ~3);
        }
        change(selector, raw, call ? Cause.CALL : Cause.JUMP, 0);
    }

    /** JMP or CALL through a task gate, whose rights the caller checked. */
    void throughGate(int tssSelector, boolean call) {
        long raw = gateTarget(tssSelector, 0);
        change(tssSelector, raw, call ? Cause.CALL : Cause.JUMP, 0);
    }

    /** An interrupt or exception through a task gate. */
    void interrupt(int tssSelector, boolean hasError, int errorCode, int ext) {
        long raw = gateTarget(tssSelector, ext);
        change(tssSelector, raw, Cause.CALL, ext);
        if (hasError) {
            inNewTask(() -> pushError(errorCode));
        }
    }

    private long gateTarget(int selector, int ext) {
        if ((selector & 4) != 0 || Descriptors.isNull(selector)) {
            throw c.gp(selector & ~3 | ext);
        }
        long raw = descriptors.read(selector, GP, ext);
        if (!isTss(raw) || Descriptors.busy(raw)) {
            throw c.gp(selector & ~3 | ext);
        }
        if (!Descriptors.present(raw)) {
            throw c.fault(NP, selector & ~3 | ext);
        }
        return raw;
    }

    /** IRET with NT set. */
    void returnToLink() {
        int selector = (int) readOld(0, 2);
        if ((selector & 4) != 0 || Descriptors.isNull(selector)) {
            throw c.fault(TS, selector & ~3);
        }
        long raw = descriptors.read(selector, TS, 0);
        if (!isTss(raw) || !Descriptors.busy(raw)) {
            throw c.fault(TS, selector & ~3);
        }
        if (!Descriptors.present(raw)) {
            throw c.fault(NP, selector & ~3);
        }
        change(selector, raw, Cause.RETURN, 0);
    }

    /** Whether it is a TSS, available or busy, of a kind this CPU knows. */
    boolean isTss(long raw) {
        int type = Descriptors.type(raw) & ~2;
        return !Descriptors.ordinary(raw)
                && (type == Descriptors.TSS16
                        || type == Descriptors.TSS32 && c.model.atLeast(CpuModel.I386));
    }

    // ---- the switch

    private void change(int selector, long raw, Cause cause, int ext) {
        boolean wide = (Descriptors.type(raw) & 8) != 0;
        if (Descriptors.limit(raw) < (wide ? MIN_LIMIT_32 : MIN_LIMIT_16)) {
            throw c.fault(TS, selector & ~3 | ext);
        }
        long base = Descriptors.base(raw);
        readTask(base, wide);
        int oldSelector = s.tr.selector;
        boolean oldWide = (s.tr.type() & 8) != 0;
        probeOld(oldWide);
        if (cause == Cause.CALL) {
            write(base, 0, 2, oldSelector);
            newFlags |= NT;
        }
        saveOld(oldWide, cause == Cause.RETURN);
        if (cause != Cause.CALL) {
            descriptors.clearBusy(oldSelector);
        }
        if (cause != Cause.RETURN) {
            descriptors.setBusy(selector);
        }
        Descriptors.load(s.tr, selector, raw);
        s.tr.attributes |= 2;
        s.cr0 |= CR0_TS;
        loadTask(wide);
    }

    private void readTask(long base, boolean wide) {
        int size = wide ? 4 : 2;
        int at = wide ? 0x20 : 0x0e;
        newIp = read(base, at, size);
        newFlags = read(base, at + size, size);
        for (int i = 0; i < 8; i++) {
            newGpr[i] = read(base, at + size * (2 + i), size);
        }
        int[] order = wide ? SEGMENTS_32 : SEGMENTS_16;
        java.util.Arrays.fill(newSegments, 0);
        for (int i = 0; i < order.length; i++) {
            newSegments[order[i]] = (int) read(base, at + size * (10 + i), 2);
        }
        newLdt = (int) read(base, wide ? 0x60 : 0x2a, 2);
        newCr3 = wide ? read(base, 0x1c, 4) : s.cr3;
        newTrap = wide && (read(base, 0x64, 1) & 1) != 0;
    }

    /** Faults now if the old TSS cannot be written. */
    private void probeOld(boolean wide) {
        long first = linear(s.tr.base);
        long last = linear(s.tr.base + (wide ? 0x5f : 0x29));
        c.translate(first, Mmu.IMPLICIT | Mmu.WRITE);
        c.translate(last, Mmu.IMPLICIT | Mmu.WRITE);
    }

    private void saveOld(boolean wide, boolean clearNt) {
        int size = wide ? 4 : 2;
        int at = wide ? 0x20 : 0x0e;
        long flags = clearNt ? c.flags() & ~(long) NT : c.flags();
        write(s.tr.base, at, size, c.rip);
        write(s.tr.base, at + size, size, flags);
        for (int i = 0; i < 8; i++) {
            write(s.tr.base, at + size * (2 + i), size, c.r[i]);
        }
        int[] order = wide ? SEGMENTS_32 : SEGMENTS_16;
        for (int i = 0; i < order.length; i++) {
            write(s.tr.base, at + size * (10 + i), 2, s.segments[order[i]].selector);
        }
    }

    /** The point of no return: registers of the new task, then its segments. */
    private void loadTask(boolean wide) {
        if (wide && (s.cr0 & CR0_PG) != 0) {
            unit.control.loadCr3ForTask(newCr3);
        }
        c.rip = newIp;
        s.rflags = newFlags & unit.flags.existing() | 2;
        c.setStatusFlags((int) newFlags);
        for (int i = 0; i < 8; i++) {
            c.r[i] = wide ? newGpr[i] : c.r[i] & ~0xffffL | newGpr[i];
        }
        // Local breakpoints end with the task.
        s.dr[7] &= ~0x155L;
        boolean v86 = (s.rflags & VM) != 0;
        for (int i = 0; i < 6; i++) {
            if (v86) {
                unit.segments.loadV86(i, newSegments[i]);
            } else {
                s.segments[i].set(newSegments[i], 0, 0xffff, 0);
            }
        }
        if (!v86) {
            // The privilege level is the new CS's, whatever its descriptor turns out to be.
            s.segments[SS].attributes = (newSegments[CS] & 3) << Segment.DPL_SHIFT;
        }
        s.ldtr.set(newLdt, 0, 0xffff, 0);
        c.modeChanged();
        inNewTask(() -> loadDescriptors(v86));
        unit.updateAttention();
    }

    private void inNewTask(Runnable work) {
        try {
            work.run();
        } catch (GuestException e) {
            if (!unit.deliverException(e.vector, e.errorCode)) {
                unit.shutdown();
            }
        }
    }

    private void loadDescriptors(boolean v86) {
        loadLdt();
        if (!v86) {
            int cpl = newSegments[CS] & 3;
            loadCode(newSegments[CS], cpl);
            loadStack(newSegments[SS], cpl);
            for (int i : new int[] {ES, DS, FS, GS}) {
                loadData(i, newSegments[i], cpl);
            }
            c.modeChanged();
        }
        if (c.rip > s.segments[CS].limit) {
            throw c.gp(0);
        }
        if (newTrap) {
            unit.debug.taskTrap();
        }
    }

    private void loadLdt() {
        if (Descriptors.isNull(newLdt)) {
            return;
        }
        if ((newLdt & 4) != 0) {
            throw c.fault(TS, newLdt & ~3);
        }
        long raw = descriptors.read(newLdt, TS, 0);
        boolean ldt = !Descriptors.ordinary(raw) && Descriptors.type(raw) == Descriptors.LDT;
        if (!ldt || !Descriptors.present(raw)) {
            throw c.fault(TS, newLdt & ~3);
        }
        Descriptors.load(s.ldtr, newLdt, raw);
    }

    private void loadCode(int selector, int cpl) {
        if (Descriptors.isNull(selector)) {
            throw c.fault(TS, 0);
        }
        long raw = descriptors.read(selector, TS, 0);
        int dpl = Descriptors.dpl(raw);
        boolean right = Descriptors.conforming(raw) ? dpl <= cpl : dpl == cpl;
        if (!Descriptors.code(raw) || !right) {
            throw c.fault(TS, selector & ~3);
        }
        if (!Descriptors.present(raw)) {
            throw c.fault(NP, selector & ~3);
        }
        Descriptors.load(s.segments[CS], selector, descriptors.markAccessed(selector, raw));
        c.modeChanged();
    }

    private void loadStack(int selector, int cpl) {
        if (Descriptors.isNull(selector)) {
            throw c.fault(TS, 0);
        }
        long raw = descriptors.read(selector, TS, 0);
        boolean level = Descriptors.dpl(raw) == cpl && (selector & 3) == cpl;
        if (!Descriptors.writableData(raw) || !level) {
            throw c.fault(TS, selector & ~3);
        }
        if (!Descriptors.present(raw)) {
            throw c.fault(GuestException.SS, selector & ~3);
        }
        Descriptors.load(s.segments[SS], selector, descriptors.markAccessed(selector, raw));
        c.modeChanged();
    }

    private void loadData(int seg, int selector, int cpl) {
        if (Descriptors.isNull(selector)) {
            return;
        }
        long raw = descriptors.read(selector, TS, 0);
        boolean conforming = Descriptors.code(raw) && Descriptors.conforming(raw);
        boolean level = conforming || Descriptors.dpl(raw) >= Math.max(cpl, selector & 3);
        if (!Descriptors.readable(raw) || !level) {
            throw c.fault(TS, selector & ~3);
        }
        if (!Descriptors.present(raw)) {
            throw c.fault(NP, selector & ~3);
        }
        Descriptors.load(s.segments[seg], selector, descriptors.markAccessed(selector, raw));
    }

    private void pushError(int errorCode) {
        stack.present(0);
        stack.push((s.tr.type() & 8) != 0 ? 4 : 2, errorCode);
        c.setSp(stack.sp);
    }

    // ---- TSS memory

    private long linear(long linear) {
        return c.legacyLinear(linear);
    }

    private long readOld(int at, int size) {
        return read(s.tr.base, at, size);
    }

    private long read(long base, int at, int size) {
        return c.loadLinear(linear(base + at), size, Mmu.IMPLICIT);
    }

    private void write(long base, int at, int size, long value) {
        c.storeLinear(linear(base + at), size, value, Mmu.IMPLICIT);
    }
}
