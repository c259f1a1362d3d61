package trivium.bt;

import java.util.ArrayList;
import java.util.List;
import trivium.bt.Transitions.Fast;
import trivium.bt.Transitions.Interrupt;
import trivium.bt.Transitions.Load;
import trivium.bt.Transitions.Quad;
import trivium.bt.Transitions.Return;
import trivium.cpu.Segment;
import trivium.cpu.VcpuState;
import trivium.mmu.Mmu;
import trivium.x86.decode.Instruction;
import trivium.x86.decode.Mnemonic;
import trivium.x86.interp.Cpu;
import trivium.x86.interp.GuestException;

/**
 * Finds out by which descriptors an INT n or IRET leads from one context to another (SDM Vol. 3A
 * "Interrupt and Exception Handling", Vol. 2A "IRET"), if it is one of those that generated code
 * does: between rings 0 and 3, by interrupt and trap gates, with nothing to be changed in the
 * descriptors. The same for SYSCALL, SYSRET, SYSENTER and SYSEXIT, which know no descriptors, and
 * for STAC and CLAC where they open and close user pages.
 */
final class Ways {
    private static final int INTERRUPT_GATE = 0xe, TRAP_GATE = 0xf, PRESENT = 1 << 7;
    private static final int CODE64 = 0xa09b, CODE32 = 0xc09b, DATA = 0xc093;
    private static final int USER = 3 << Segment.DPL_SHIFT, EFER_SCE = 1;
    private static final int CODE = 0x18, CONFORMING = 4, WRITABLE_DATA = 0x12, TYPE = 0x1f;

    private final Cpu c;
    private final VcpuState s;
    private List<Quad> known;
    private boolean found;

    Ways(Cpu c) {
        this.c = c;
        s = c.s;
    }

    /** Whether there may be host code for an instruction that ends a block of this mode. */
    static boolean possible(Instruction in, Mode mode) {
        boolean wide = mode.is64();
        return switch (in.mnemonic()) {
            case INT -> wide || mode.codeSize() == 32;
            case IRET -> wide ? in.operandSize == 8 : mode.codeSize() == 32 && in.operandSize == 4;
            case SYSCALL -> wide;
            case SYSRET -> wide && in.operandSize == 8 && !mode.user();
            case SYSENTER -> wide || mode.codeSize() == 32;
            case SYSEXIT -> !mode.user() && (wide ? in.operandSize == 8 : mode.codeSize() == 32);
            case STAC -> mode.tlb() == Cpu.SUPERVISOR_TLB;
            case CLAC -> mode.tlb() == Cpu.SUPERVISOR_AC_TLB;
            default -> false;
        };
    }

    /** STAC or CLAC, behind it. */
    private Fast access(Mnemonic how, Context from, Context to) {
        int tlb = how == Mnemonic.STAC ? Cpu.SUPERVISOR_AC_TLB : Cpu.SUPERVISOR_TLB;
        return from.cpl() == 0
                        && from.matches(to)
                        && Context.same(from.cs, to.cs)
                        && Context.same(from.ss, to.ss)
                        && from.mode.withTlb(tlb).equals(to.mode)
                ? new Fast(how, from, to, c.rip, 0, 0)
                : null;
    }

    /**
     * @return null if there is none, or the interpreter is to do it
     */
    Fast fast(Mnemonic how, Context from, Context to) {
        if (how == Mnemonic.STAC || how == Mnemonic.CLAC) {
            return access(how, from, to);
        }
        boolean wide = to.mode.is64();
        boolean call = how == Mnemonic.SYSCALL || how == Mnemonic.SYSENTER;
        if (!fit(from, to) || to.cpl() != (call ? 0 : 3) || !call && from.cpl() != 0) {
            return null;
        }
        int enter = (int) s.sysenterCs & 0xfffc;
        boolean known;
        long ip = 0, sp = 0;
        switch (how) {
            case SYSCALL -> {
                ip = s.lstar;
                known = flat(to, (int) (s.star >>> 32) & 0xfffc, 8, 0);
            }
            case SYSRET -> known = flat(to, ((int) (s.star >>> 48) & 0xfffc) + 16, -8, USER);
            case SYSENTER -> {
                ip = wide ? s.sysenterEip : s.sysenterEip & 0xffff_ffffL;
                sp = wide ? s.sysenterEsp : s.sysenterEsp & 0xffff_ffffL;
                known = flat(to, enter, 8, 0);
            }
            default -> known = flat(to, enter + (wide ? 32 : 16), 8, USER);
        }
        boolean on =
                how == Mnemonic.SYSCALL || how == Mnemonic.SYSRET
                        ? (s.efer & EFER_SCE) != 0
                        : enter != 0;
        return on && known && (!call || ip == c.rip)
                ? new Fast(how, from, to, ip, sp, (int) s.sfmask)
                : null;
    }

    /** Whether code and stack are what such an instruction makes of a selector. */
    private static boolean flat(Context to, int selector, int stackBeside, int user) {
        int rpl = user == 0 ? 0 : 3;
        Segment code = new Segment(), stack = new Segment();
        int attributes = (to.mode.is64() ? CODE64 : CODE32) | user;
        code.set((selector | rpl) & 0xffff, 0, 0xffff_ffffL, attributes);
        int beside = (selector + stackBeside | rpl) & 0xffff;
        stack.set(beside, 0, 0xffff_ffffL, DATA | user);
        return Context.same(to.cs, code) && Context.same(to.ss, stack);
    }

    /**
     * @param software INT n, not an exception
     * @return null if there is none, or the interpreter is to do it
     */
    Interrupt interrupt(int vector, boolean software, Context from, Context to) {
        begin();
        boolean wide = to.mode.is64();
        int bytes = wide ? 16 : 8;
        long at = s.idtrBase + (long) vector * bytes;
        if (to.cpl() != 0 || !fit(from, to) || (vector + 1) * bytes - 1 > s.idtrLimit) {
            return null;
        }
        long gate = quad(at);
        int attributes = (int) (gate >>> 40) & 0xff;
        int type = attributes & TYPE;
        boolean usable =
                (type == INTERRUPT_GATE || type == TRAP_GATE) && (attributes & PRESENT) != 0;
        if (!usable || software && (attributes >>> 5 & 3) < from.cpl()) {
            return null;
        }
        long offset = gate & 0xffff | gate >>> 32 & 0xffff_0000L;
        if (wide) {
            offset |= quad(at + 8) << 32;
            if (offset << 16 >> 16 != offset) {
                return null;
            }
        }
        int selector = (int) (gate >>> 16) & 0xffff & ~3;
        code(selector, to);
        boolean inner = from.cpl() != 0;
        int ist = wide ? (int) (gate >>> 32) & 7 : 0;
        int inTask = ist != 0 ? 28 + 8 * ist : inner ? 4 : 0;
        long stackPointer = inTask == 0 ? 0 : s.tr.base + inTask;
        if (!inner) {
            found &= Context.same(from.ss, to.ss);
        } else if (wide) {
            found &= isNull(to.ss, 0, 0);
        } else {
            stack(to.ss.selector, to);
        }
        found &= inTask == 0 || taskFits(stackPointer, inTask);
        return found && offset == c.rip
                ? new Interrupt(
                        from,
                        to,
                        known,
                        offset,
                        type == INTERRUPT_GATE,
                        stackPointer,
                        !software,
                        !software && vector == GuestException.PF)
                : null;
    }

    private boolean taskFits(long stackPointer, int inTask) {
        return (stackPointer & 0xfff) <= 4096 - 8
                && s.tr.limit >= inTask + 7
                && (s.tr.type() & 8) != 0
                && isLinear(stackPointer);
    }

    /**
     * @return null if there is none, or the interpreter is to do it
     */
    Return back(Context from, Context to) {
        begin();
        boolean outer = to.cpl() != 0;
        if (from.cpl() != 0 || !fit(from, to) || outer && !from.keepsData) {
            return null;
        }
        if ((to.cs.selector & 3) != to.cpl()) {
            return null;
        }
        code(to.cs.selector & ~3, to);
        if (!outer && !to.mode.is64()) {
            found &= Context.same(from.ss, to.ss);
        } else if (!outer && (to.ss.selector & ~3) == 0) {
            found &= isNull(to.ss, to.ss.selector, 0) && to.ss.selector == 0;
        } else {
            stack(to.ss.selector, to);
        }
        return found ? new Return(from, to, known) : null;
    }

    /**
     * A load of a data segment that was just done.
     *
     * @return null if there is none, or the interpreter is to do it
     */
    Load load(int segment, Context from, Context to) {
        begin();
        if (!from.isPlain() || !from.leadsTo(to)) {
            return null;
        }
        Segment now = s.segments[segment];
        if ((now.selector & ~3) == 0) {
            found = isNull(now, now.selector, 0);
        } else {
            long raw = descriptor(now.selector & ~3);
            found &= (raw >>> 44 & 1) != 0 && loadedFrom(now, raw, now.dpl());
        }
        return found
                ? new Load(
                        from,
                        to,
                        known,
                        segment,
                        now.selector,
                        now.base,
                        now.limit,
                        now.attributes,
                        c.readLimit[segment],
                        c.writeLimit[segment])
                : null;
    }

    private void begin() {
        known = new ArrayList<>();
        found = true;
    }

    private static boolean fit(Context from, Context to) {
        return from.isPlain()
                && to.isPlain()
                && from.matches(to)
                && supervisorTlb(from)
                && supervisorTlb(to);
    }

    /** Supervisor code must not be about to reach user pages by RFLAGS.AC. */
    private static boolean supervisorTlb(Context context) {
        return context.cpl() != 0 || context.mode.tlb() == Cpu.SUPERVISOR_TLB;
    }

    /** The context's code segment must be what is in the table, and of the right level. */
    private void code(int selector, Context context) {
        long raw = descriptor(selector);
        int type = (int) (raw >>> 40) & TYPE;
        boolean sized = context.mode.is64() == ((raw & 1L << 53) != 0 && context.longMode);
        found &=
                (type & CODE) == CODE
                        && (type & CONFORMING) == 0
                        && sized
                        && (raw & 1L << 53) == 0 | (raw & 1L << 54) == 0
                        && (context.cs.selector & ~3) == selector
                        && (context.cs.selector & 3) == context.cpl()
                        && loadedFrom(context.cs, raw, context.cpl());
    }

    private void stack(int selector, Context context) {
        long raw = descriptor(selector & ~3);
        found &=
                (raw >>> 40 & 0x1a) == WRITABLE_DATA
                        && (selector & 3) == context.cpl()
                        && loadedFrom(context.ss, raw, context.cpl());
    }

    private static boolean isNull(Segment ss, int selector, int cpl) {
        return ss.selector == selector
                && ss.base == 0
                && ss.limit == 0xffff
                && ss.attributes == cpl << Segment.DPL_SHIFT;
    }

    private static boolean loadedFrom(Segment segment, long raw, int cpl) {
        long limit = raw & 0xffff | raw >>> 32 & 0xf_0000;
        return segment.attributes == ((int) (raw >>> 40) & 0xf0ff)
                && segment.base == (raw >>> 16 & 0xff_ffffL | raw >>> 32 & 0xff00_0000L)
                && segment.limit == ((raw & 1L << 55) != 0 ? limit << 12 | 0xfff : limit)
                && segment.usable()
                && (segment.type() & 1) != 0
                && segment.dpl() == cpl;
    }

    /** Of the GDT. */
    private long descriptor(int selector) {
        found &= selector != 0 && (selector & 4) == 0 && selector + 7 <= s.gdtrLimit;
        return found ? quad(s.gdtrBase + selector) : 0;
    }

    /** Eight bytes as they are now, to be compared with later. */
    private long quad(long linear) {
        long gpa =
                isLinear(linear) && (linear & 0xfff) <= 4096 - 8 ? c.mmu.probe(linear) : Mmu.FAULT;
        if (gpa == Mmu.FAULT || c.memory.readableHost(gpa) == 0) {
            found = false;
            return 0;
        }
        long value = c.memory.read(gpa, 8);
        known.add(new Quad(linear, value));
        return value;
    }

    private boolean isLinear(long linear) {
        return c.longMode ? linear << 16 >> 16 == linear : linear >>> 32 == 0;
    }
}
