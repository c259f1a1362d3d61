package trivium.bt;

import java.util.ArrayList;
import java.util.List;
import trivium.bt.Transitions.Interrupt;
import trivium.bt.Transitions.Quad;
import trivium.bt.Transitions.Return;
import trivium.cpu.Segment;
import trivium.cpu.VcpuState;
import trivium.mmu.Mmu;
import trivium.x86.interp.Cpu;
import trivium.x86.interp.GuestException;

/**
 * Finds out by which descriptors an INT n or IRET leads from one context to another (SDM Vol. 3A
 * "Interrupt and Exception Handling", Vol. 2A "IRET"), if it is one of those that generated code
 * does: between rings 0 and 3, by interrupt and trap gates, with nothing to be changed in the
 * descriptors.
 */
final class Ways {
    private static final int INTERRUPT_GATE = 0xe, TRAP_GATE = 0xf, PRESENT = 1 << 7;
    private static final int CODE = 0x18, CONFORMING = 4, WRITABLE_DATA = 0x12, TYPE = 0x1f;

    private final Cpu c;
    private final VcpuState s;
    private List<Quad> known;
    private boolean found;

    Ways(Cpu c) {
        this.c = c;
        s = c.s;
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
            if ((gate >>> 32 & 7) != 0 || offset << 16 >> 16 != offset) {
                return null;
            }
        }
        int selector = (int) (gate >>> 16) & 0xffff & ~3;
        code(selector, to);
        boolean inner = from.cpl() != 0;
        long stackPointer = !inner ? 0 : s.tr.base + 4;
        if (!inner) {
            found &= Context.same(from.ss, to.ss);
        } else if (wide) {
            found &= isNull(to.ss, 0, 0);
        } else {
            stack(to.ss.selector, to);
        }
        found &= inner ? taskFits(stackPointer) : true;
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

    private boolean taskFits(long stackPointer) {
        return (stackPointer & 0xfff) <= 4096 - 8
                && s.tr.limit >= 11
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
