package trivium.x86.interp;

import static trivium.cpu.VcpuState.CS;
import static trivium.cpu.VcpuState.DS;
import static trivium.cpu.VcpuState.ES;
import static trivium.cpu.VcpuState.FS;
import static trivium.cpu.VcpuState.GS;
import static trivium.cpu.VcpuState.RSP;
import static trivium.cpu.VcpuState.SS;
import static trivium.x86.interp.Flags.*;

import trivium.cpu.CpuModel;
import trivium.cpu.Segment;
import trivium.cpu.VcpuState;
import trivium.mmu.Mmu;

/**
 * Takes interrupts and exceptions to their handlers (SDM Vol. 3A "Interrupt and Exception
 * Handling"; Vol. 2A "INT n"): real mode, virtual-8086 mode with the VME redirection, interrupt,
 * trap and task gates, long mode. {@code c.rip} is the address to return to. Nothing of the state
 * changes when a delivery faults, but that frames may have been written below the new stack
 * pointer.
 */
final class EventDelivery {
    private static final int GATE_TYPE = 0x1f, IDT = 2;
    private static final int LONG_GATE_BYTES = 16, GATE_BYTES = 8;

    private final Cpu c;
    private final VcpuState s;
    private final Descriptors descriptors;
    private final SystemUnit unit;
    private final FrameStack stack;
    private final Tss tss;

    // The event under way.
    private int vector;
    private boolean hasError;
    private int errorCode;

    /** INT n, INT3, INTO: the gate's DPL counts. */
    private boolean software;

    /** The EXT bit of error codes: not the program itself asked for this event. */
    private int ext;

    EventDelivery(Cpu c, SystemUnit unit) {
        this.c = c;
        this.unit = unit;
        s = c.s;
        descriptors = unit.descriptors;
        stack = new FrameStack(c);
        tss = unit.tss;
    }

    // ---- what can happen

    /**
     * @return false on a triple fault
     */
    boolean exception(int vector, int errorCode) {
        return deliver(vector, errorCode, isFault(vector));
    }

    /** A #DB that is a trap, or that an instruction breakpoint raised: RF is pushed as it is. */
    boolean debugException() {
        return deliver(GuestException.DB, 0, false);
    }

    boolean external(int vector) {
        try {
            begin(vector, false, 0, false, 1);
            enter(false);
            return true;
        } catch (GuestException e) {
            return exception(e.vector, e.errorCode);
        }
    }

    boolean nmi() {
        s.nmiBlocked = true;
        return external(GuestException.NMI);
    }

    /** INT n, INT3, INTO: faults are the instruction's own. */
    void softwareInterrupt(int vector) {
        begin(vector, false, 0, true, 0);
        enter(false);
    }

    /** INT1: no check of the gate's DPL. */
    void privilegedInterrupt(int vector) {
        begin(vector, false, 0, false, 1);
        enter(false);
    }

    /** INT n in virtual-8086 mode (SDM Vol. 3B "Software Interrupt Handling Methods"). */
    void interruptInV86(int vector) {
        boolean vme = unit.flags.vme();
        if (vme && !unit.flags.redirected(vector)) {
            if (unit.flags.iopl() < 3) {
                throw c.gp(0);
            }
            softwareInterrupt(vector);
        } else if (vme) {
            boolean virtual = unit.flags.iopl() < 3;
            long image = virtual ? unit.flags.virtualImage() : unit.flags.image(2);
            realFrame(c.loadLinear(vector * 4L, 4, Mmu.USER), image);
            s.rflags &= ~(long) (TF | (virtual ? VIF : IF));
            unit.updateAttention();
        } else if (unit.flags.iopl() < 3) {
            throw c.gp(0);
        } else {
            softwareInterrupt(vector);
        }
    }

    // ---- double and triple faults

    /** SDM Vol. 3A, Table "Conditions for Generating a Double Fault". */
    private boolean deliver(int first, int firstError, boolean resume) {
        int v = first;
        int error = firstError;
        boolean rf = resume;
        while (true) {
            try {
                begin(v, c.protectedMode && hasErrorCode(v), error, false, 1);
                enter(rf);
                return true;
            } catch (GuestException e) {
                if (v == GuestException.DF) {
                    return false;
                }
                boolean both =
                        isContributory(v) && isContributory(e.vector)
                                || v == GuestException.PF
                                        && (isContributory(e.vector)
                                                || e.vector == GuestException.PF);
                v = both ? GuestException.DF : e.vector;
                error = both ? 0 : e.errorCode;
                rf = isFault(v);
            }
        }
    }

    private static boolean isContributory(int vector) {
        return switch (vector) {
            case GuestException.DE,
                    GuestException.TS,
                    GuestException.NP,
                    GuestException.SS,
                    GuestException.GP ->
                    true;
            default -> false;
        };
    }

    private static boolean hasErrorCode(int vector) {
        return switch (vector) {
            case GuestException.DF,
                    GuestException.TS,
                    GuestException.NP,
                    GuestException.SS,
                    GuestException.GP,
                    GuestException.PF,
                    GuestException.AC ->
                    true;
            default -> false;
        };
    }

    /** Faults push RF set, so that the restarted instruction meets no breakpoint again. */
    private static boolean isFault(int vector) {
        return switch (vector) {
            case GuestException.DB,
                    GuestException.NMI,
                    GuestException.BP,
                    GuestException.OF,
                    GuestException.DF ->
                    false;
            default -> true;
        };
    }

    private void begin(int vector, boolean hasError, int errorCode, boolean software, int ext) {
        this.vector = vector;
        this.hasError = hasError;
        this.errorCode = errorCode;
        this.software = software;
        this.ext = ext;
    }

    private void enter(boolean resume) {
        if (!c.protectedMode) {
            real();
        } else {
            long image = c.flags() | (resume && c.model.atLeast(CpuModel.I386) ? RF : 0);
            if (c.longMode) {
                longMode(image);
            } else {
                legacy(image);
            }
        }
        s.interruptShadow = VcpuState.SHADOW_NONE;
        unit.awake();
        if (vector == GuestException.DB && !software) {
            s.dr[7] &= ~DebugUnit.GD;
        }
        unit.updateAttention();
    }

    // ---- real mode

    private void real() {
        int at = vector * 4;
        if (at + 3 > s.idtrLimit) {
            // The 80286 says "double fault" at once.
            throw c.model == CpuModel.I80286 ? c.fault(GuestException.DF) : c.gp(0);
        }
        long pointer = c.loadLinear(c.legacyLinear(s.idtrBase + at), 4, Mmu.IMPLICIT);
        realFrame(pointer, unit.flags.image(2));
        s.rflags &= ~(long) (IF | TF | AC | RF);
    }

    /** Pushes FLAGS, CS, IP and goes to offset and selector of an interrupt vector. */
    private void realFrame(long pointer, long flags) {
        long sp = c.r[RSP];
        long ip = pointer & 0xffff;
        int selector = (int) (pointer >>> 16) & 0xffff;
        c.store16(SS, sp - 2 & c.stackMask, (int) flags);
        c.store16(SS, sp - 4 & c.stackMask, s.segments[CS].selector);
        c.store16(SS, sp - 6 & c.stackMask, (int) c.rip);
        if (ip > s.segments[CS].limit) {
            throw c.gp(0);
        }
        c.setSp(sp - 6 & c.stackMask);
        unit.segments.loadRealOrV86(CS, selector);
        c.rip = ip;
        c.codeChanged();
    }

    // ---- protected mode

    private void legacy(long image) {
        int gateCode = vector * GATE_BYTES | IDT | ext;
        if (vector * GATE_BYTES + GATE_BYTES - 1 > s.idtrLimit) {
            throw c.gp(gateCode);
        }
        long gate = descriptors.readAt(s.idtrBase + vector * GATE_BYTES);
        int type = Descriptors.attributes(gate) & GATE_TYPE;
        checkGate(gate, gateCode, isLegacyGate(type));
        if (type == Descriptors.TASK_GATE) {
            unit.tasks.interrupt((int) (gate >>> 16) & 0xffff, hasError, errorCode, ext);
            return;
        }
        int size = (type & 8) != 0 ? 4 : 2;
        long offset = gate & 0xffff | (size == 4 ? gate >>> 32 & 0xffff_0000L : 0);
        int selector = (int) (gate >>> 16) & 0xffff;
        long code = checkCode(selector);
        boolean inner = isInner(code);
        if (c.v86 && (!inner || Descriptors.dpl(code) != 0)) {
            throw c.gp(selector & ~3 | ext);
        }
        if (offset > Descriptors.limit(code)) {
            throw c.gp(ext);
        }
        boolean fromV86 = c.v86;
        long stackSegment = 0;
        int cpl = c.cpl;
        if (inner) {
            cpl = Descriptors.dpl(code);
            stackSegment = tss.inner(cpl, ext);
            stack.of(stackSegment, tss.pointer, cpl, tss.selector & ~3 | ext);
            pushOuter(size, fromV86);
        } else {
            stack.present(ext);
        }
        stack.push(size, image);
        stack.push(size, s.segments[CS].selector);
        stack.push(size, c.rip);
        if (hasError) {
            stack.push(size, errorCode);
        }
        code = descriptors.markAccessed(selector, code);
        if (fromV86) {
            for (int i : new int[] {ES, DS, FS, GS}) {
                unit.segments.loadNull(i, 0);
            }
        }
        if (inner) {
            Descriptors.load(s.segments[SS], tss.selector, stackSegment);
        }
        commit(selector & ~3 | cpl, code, offset, (type & 1) == 0);
        c.setSp(stack.sp);
    }

    private boolean isLegacyGate(int type) {
        return switch (type) {
            case Descriptors.TASK_GATE, Descriptors.INTERRUPT16, Descriptors.TRAP16 -> true;
            case Descriptors.INTERRUPT32, Descriptors.TRAP32 -> c.model.atLeast(CpuModel.I386);
            default -> false;
        };
    }

    private void pushOuter(int size, boolean fromV86) {
        if (fromV86) {
            stack.push(size, s.segments[GS].selector);
            stack.push(size, s.segments[FS].selector);
            stack.push(size, s.segments[DS].selector);
            stack.push(size, s.segments[ES].selector);
        }
        stack.push(size, s.segments[SS].selector);
        stack.push(size, c.r[RSP]);
    }

    private void checkGate(long gate, int gateCode, boolean validType) {
        if (!validType || software && Descriptors.dpl(gate) < c.cpl) {
            throw c.gp(gateCode);
        }
        if (!Descriptors.present(gate)) {
            throw c.fault(GuestException.NP, gateCode);
        }
    }

    private long checkCode(int selector) {
        if (Descriptors.isNull(selector)) {
            throw c.gp(ext);
        }
        long code = descriptors.read(selector, GuestException.GP, ext);
        boolean wrongMode = c.longMode && (!Descriptors.longCode(code) || Descriptors.big(code));
        if (!Descriptors.code(code) || Descriptors.dpl(code) > c.cpl || wrongMode) {
            throw c.gp(selector & ~3 | ext);
        }
        if (!Descriptors.present(code)) {
            throw c.fault(GuestException.NP, selector & ~3 | ext);
        }
        return code;
    }

    private boolean isInner(long code) {
        return !Descriptors.conforming(code) && Descriptors.dpl(code) < c.cpl;
    }

    private void commit(int selector, long code, long offset, boolean interruptGate) {
        Descriptors.load(s.segments[CS], selector, code);
        c.rip = offset;
        s.rflags &= ~(long) (TF | NT | RF | VM | (interruptGate ? IF : 0));
        c.codeAndStackChanged();
    }

    // ---- long mode

    private void longMode(long image) {
        int gateCode = vector * GATE_BYTES | IDT | ext;
        if (vector * LONG_GATE_BYTES + LONG_GATE_BYTES - 1 > s.idtrLimit) {
            throw c.gp(gateCode);
        }
        long at = s.idtrBase + vector * LONG_GATE_BYTES;
        long gate = descriptors.readAt(at);
        int type = Descriptors.attributes(gate) & GATE_TYPE;
        checkGate(gate, gateCode, type == Descriptors.INTERRUPT32 || type == Descriptors.TRAP32);
        long offset = gate & 0xffff | gate >>> 32 & 0xffff_0000L | descriptors.readAt(at + 8) << 32;
        int selector = (int) (gate >>> 16) & 0xffff;
        long code = checkCode(selector);
        boolean inner = isInner(code);
        int cpl = inner ? Descriptors.dpl(code) : c.cpl;
        int ist = (int) (gate >>> 32) & 7;
        long rsp = ist != 0 ? tss.interruptStack(ist, ext) : inner ? tss.rsp(cpl, ext) : c.r[RSP];
        if (!SegmentUnit.canonical(offset)) {
            throw c.gp(ext);
        }
        stack.wide(rsp & ~15L, cpl, ext);
        stack.push(8, s.segments[SS].selector);
        stack.push(8, c.r[RSP]);
        stack.push(8, image);
        stack.push(8, s.segments[CS].selector);
        stack.push(8, c.rip);
        if (hasError) {
            stack.push(8, errorCode);
        }
        code = descriptors.markAccessed(selector, code);
        if (inner) {
            s.segments[SS].set(cpl, 0, 0xffff, cpl << Segment.DPL_SHIFT);
        }
        commit(selector & ~3 | cpl, code, offset, type == Descriptors.INTERRUPT32);
        c.r[RSP] = stack.sp;
    }
}
