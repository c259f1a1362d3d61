package trivium.x86.interp;

import static trivium.x86.fp.FpuContext.C0;
import static trivium.x86.fp.FpuContext.C1;
import static trivium.x86.fp.FpuContext.C2;
import static trivium.x86.fp.FpuContext.C3;
import static trivium.x86.fp.FpuContext.ES;
import static trivium.x86.fp.FpuContext.IE;
import static trivium.x86.fp.FpuContext.SF;

import trivium.cpu.Segment;
import trivium.cpu.Vcpu;
import trivium.cpu.VcpuState;
import trivium.x86.fp.Float80;
import trivium.x86.fp.FpuContext;

/**
 * The x87 register stack and its exceptions, in the canonical state. FSW.ES and FSW.B always tell
 * whether an exception that FCW does not mask is pending.
 *
 * <p>With CR0.NE clear a pending exception asserts FERR# ({@link Vcpu#ferr}). Hardware then waits,
 * at the next x87 instruction, for the interrupt; here the instruction is held back only if the
 * interrupt can be taken at once, so that a guest that masks IRQ 13 is not stuck.
 */
final class X87Unit {
    private static final int EXCEPTIONS = 0x3f, BUSY = 0x8000, TOP = 7 << 11;
    private static final int CONDITIONS = C0 | C1 | C2 | C3;

    /** Writable bits of FCW; bit 6 is always set. */
    private static final int FCW_BITS = 0x1f3f, FCW_SET = 0x40;

    private final Cpu c;
    private final VcpuState s;
    private final Segment cs;
    final FpuContext f = new FpuContext();
    final long[] m;
    final int[] se;

    X87Unit(Cpu c) {
        this.c = c;
        s = c.s;
        cs = s.segments[VcpuState.CS];
        m = s.fpMantissa;
        se = s.fpSignExponent;
    }

    /** The canonical state is new. */
    void enter() {
        f.controlWord = s.fcw;
    }

    // ---- before an instruction

    private void present() {
        if (c.fpAway) {
            c.fetchFp();
        }
    }

    /** Begins an instruction that waits: #NM, then #MF for what is pending. */
    void begin() {
        present();
        if (((int) s.cr0 & 0xc | s.fsw & ES) != 0) {
            checkAvailable();
            if ((s.fsw & ES) != 0) {
                pending();
            }
        }
        f.flags = 0;
    }

    /** Begins an instruction that does not wait (FNxxx, FXSAVE). */
    void checkAvailable() {
        present();
        if ((s.cr0 & (Flags.CR0_EM | Flags.CR0_TS)) != 0) {
            throw c.fault(GuestException.NM);
        }
    }

    /** FWAIT. */
    void await() {
        present();
        if ((s.cr0 & Flags.CR0_TS) != 0 && (s.cr0 & Flags.CR0_MP) != 0) {
            throw c.fault(GuestException.NM);
        }
        if ((s.fsw & ES) != 0) {
            pending();
        }
    }

    private void pending() {
        if ((s.cr0 & Flags.CR0_NE) != 0) {
            throw c.fault(GuestException.MF);
        }
        c.vcpu.ferr(true);
        if ((c.vcpu.pending() & Vcpu.INTR) != 0 && (s.rflags & Flags.IF) != 0) {
            throw Stop.INSTANCE;
        }
    }

    /** Records the instruction for FSTENV and FSAVE. */
    void note(long ip, int opcode) {
        s.fip = ip;
        s.fop = opcode;
        s.fcs = cs.selector;
    }

    void noteData(int seg, long offset) {
        s.fdp = offset;
        s.fds = s.segments[seg].selector;
    }

    // ---- the stack

    /** The physical register of ST(i). */
    int physical(int i) {
        return (s.fsw >>> 11) + i & 7;
    }

    boolean isEmpty(int physical) {
        return (s.ftw >>> physical & 1) == 0;
    }

    void put(int physical, long mantissa, int signExponent) {
        m[physical] = mantissa;
        se[physical] = signExponent;
        s.ftw |= 1 << physical;
    }

    void pop() {
        s.ftw &= ~(1 << (s.fsw >>> 11 & 7));
        s.fsw = s.fsw & ~TOP | s.fsw + (1 << 11) & TOP;
    }

    /** Pushes; the caller has made sure that there is room, or does not care. */
    void push(long mantissa, int signExponent) {
        s.fsw = s.fsw & ~TOP | s.fsw - (1 << 11) & TOP;
        put(s.fsw >>> 11 & 7, mantissa, signExponent);
    }

    /** Moves TOP without touching tags: FINCSTP, FDECSTP. */
    void rotate(int by) {
        s.fsw = s.fsw & ~(TOP | C1) | s.fsw + (by << 11) & TOP;
    }

    void free(int physical) {
        s.ftw &= ~(1 << physical);
    }

    // ---- exceptions

    /** Adds exceptions, C1 and conditions to FSW, having cleared {@code clear}. */
    void signal(int clear, int flags) {
        s.fsw = s.fsw & ~clear | flags;
        if ((flags & ~s.fcw & EXCEPTIONS) != 0) {
            s.fsw |= ES | BUSY;
            if ((s.cr0 & Flags.CR0_NE) == 0) {
                c.vcpu.ferr(true);
            }
        }
    }

    void clearC1() {
        s.fsw &= ~C1;
    }

    /** Adds the flags of the last operation, C1 among them. */
    void signal() {
        if (f.flags == 0) {
            s.fsw &= ~C1;
        } else {
            signal(C1, f.flags);
        }
    }

    /** The same with conditions: {@code which} of them are affected. */
    void signalConditions(int which) {
        signal(C1 | which, f.flags | f.conditions & which);
    }

    /**
     * Stack underflow or overflow.
     *
     * @return whether it is masked: the instruction then goes on with indefinites
     */
    boolean stackFault(boolean overflow) {
        signal(C1, overflow ? IE | SF | C1 : IE | SF);
        return (s.fcw & IE) != 0;
    }

    /** Stack underflow of an instruction that delivers to a register. */
    void underflow(int destination, boolean pop) {
        if (stackFault(false)) {
            put(destination, Float80.QUIET_NAN, Float80.INDEFINITE_SE);
            if (pop) {
                pop();
            }
        }
    }

    /** Stores the last operation's result, unless an unmasked exception forbids it. */
    void finish(int destination, boolean pop) {
        int flags = f.flags;
        if ((flags & ~s.fcw & EXCEPTIONS) == 0) {
            s.fsw = s.fsw & ~C1 | flags;
        } else {
            signal(C1, flags);
            if (f.aborted()) {
                return;
            }
        }
        m[destination] = f.mantissa;
        se[destination] = f.signExponent;
        if (pop) {
            pop();
        }
    }

    /** Pushes the last operation's result with its flags, or answers stack overflow. */
    void finishLoad(boolean aborted) {
        if (!isEmpty(physical(7))) {
            pushFault(true);
            return;
        }
        signal();
        if (!aborted) {
            push(f.mantissa, f.signExponent);
        }
    }

    void pushFault(boolean overflow) {
        if (stackFault(overflow)) {
            push(Float80.QUIET_NAN, Float80.INDEFINITE_SE);
        }
    }

    // ---- control

    void setControl(int fcw) {
        s.fcw = fcw & FCW_BITS | FCW_SET;
        f.controlWord = s.fcw;
        summarize();
    }

    /** Makes ES and B what exceptions and masks say. */
    private void summarize() {
        boolean before = (s.fsw & ES) != 0;
        boolean unmasked = (s.fsw & ~s.fcw & EXCEPTIONS) != 0;
        s.fsw = s.fsw & ~(ES | BUSY) | (unmasked ? ES | BUSY : 0);
        if ((s.cr0 & Flags.CR0_NE) == 0 && (before || unmasked)) {
            c.vcpu.ferr(unmasked);
        }
    }

    void clearExceptions() {
        s.fsw &= CONDITIONS | TOP;
        if ((s.cr0 & Flags.CR0_NE) == 0) {
            c.vcpu.ferr(false);
        }
    }

    /** FNINIT: the registers keep their contents. */
    void init() {
        s.fcw = 0x37f;
        f.controlWord = 0x37f;
        s.fsw = 0;
        s.ftw = 0;
        s.fip = 0;
        s.fdp = 0;
        s.fop = 0;
        s.fcs = 0;
        s.fds = 0;
        clearExceptions();
    }

    /** The full tag word. */
    int tags() {
        int tags = 0;
        for (int i = 0; i < 8; i++) {
            tags |= (isEmpty(i) ? 3 : Float80.tag(m[i], se[i])) << 2 * i;
        }
        return tags;
    }

    void setTags(int tags) {
        s.ftw = 0;
        for (int i = 0; i < 8; i++) {
            s.ftw |= (tags >>> 2 * i & 3) != 3 ? 1 << i : 0;
        }
    }
}
