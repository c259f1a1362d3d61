package trivium.bt;

import static trivium.cpu.VcpuState.CS;
import static trivium.cpu.VcpuState.SS;

import trivium.cpu.Segment;
import trivium.cpu.VcpuState;
import trivium.x86.interp.Cpu;

/**
 * Between which of these generated code goes by itself when an interrupt or a return changes code
 * and stack segment: all else that the CPU derives from its state is the same, or in {@link #mode}.
 */
final class Context {
    private static final int IOPL = 3 << 12, FAULTS = 32, SMAP = 1 << 21;

    /** In {@link Area#CONTEXT} while it is the present one. Never used again. */
    final int number;

    final Mode mode;
    final int modeNumber;
    final boolean longMode;
    final int iopl;
    private final boolean smap;
    final Segment cs = new Segment(), ss = new Segment();

    /** Whether a return to ring 3 takes no data segment away. */
    final boolean keepsData;

    /** By vector: host code that takes such a fault to its handler, or 0; how often it had none. */
    final long[] faults = new long[FAULTS];

    final int[] faultsLeft = new int[FAULTS];

    /** What that host code was made for. */
    final Transitions.Interrupt[] faultWays = new Transitions.Interrupt[FAULTS];

    private final long[] derived;

    Context(int number, Mode mode, int modeNumber, Cpu c) {
        this.number = number;
        this.mode = mode;
        this.modeNumber = modeNumber;
        longMode = c.longMode;
        iopl = (int) c.s.rflags & IOPL;
        smap = smap(c);
        cs.set(c.s.segments[CS]);
        ss.set(c.s.segments[SS]);
        keepsData = keepsData(c);
        derived = derived(c);
    }

    /** Whether this is the present one. */
    boolean is(Mode mode, Cpu c) {
        return this.mode == mode
                && longMode == c.longMode
                && iopl == ((int) c.s.rflags & IOPL)
                && smap == smap(c)
                && same(cs, c.s.segments[CS])
                && same(ss, c.s.segments[SS])
                && keepsData == keepsData(c);
    }

    /** Whether the CPU is in a state that this class knows. */
    static boolean possible(Cpu c) {
        return c.protectedMode && !c.v86 && (c.cpl == 0 || c.cpl == 3);
    }

    int cpl() {
        return mode.user() ? 3 : 0;
    }

    /** Flat code and stack of 32 bits, or 64-bit mode. */
    boolean isPlain() {
        return mode.is64()
                || mode.codeSize() == 32
                        && mode.stackMask() == 0xffff_ffffL
                        && mode.codeBase() == 0
                        && mode.codeLimit() == 0xffff_ffffL
                        && mode.flat(SS);
    }

    /** Whether nothing is derived otherwise in the other one but what the mode says. */
    boolean matches(Context other) {
        return longMode == other.longMode
                && iopl == other.iopl
                && smap == other.smap
                && keepsData == other.keepsData
                && mode.is64() == other.mode.is64()
                && mode.counted() == other.mode.counted()
                && java.util.Arrays.equals(derived, other.derived);
    }

    /** Whether loads of data segments, other than of flat ones by others, lead there. */
    boolean leadsTo(Context other) {
        return mode == other.mode
                && longMode == other.longMode
                && iopl == other.iopl
                && smap == other.smap
                && same(cs, other.cs)
                && same(ss, other.ss)
                && java.util.Arrays.equals(derived, other.derived);
    }

    /** STAC and CLAC lead elsewhere with it. */
    private static boolean smap(Cpu c) {
        return (c.s.cr4 & SMAP) != 0;
    }

    static boolean same(Segment a, Segment b) {
        return a.selector == b.selector
                && a.base == b.base
                && a.limit == b.limit
                && a.attributes == b.attributes;
    }

    private static boolean keepsData(Cpu c) {
        for (int i = 0; i < 6; i++) {
            Segment segment = c.s.segments[i];
            boolean conforming = (segment.type() & 0xc) == 0xc;
            if (i != CS && i != SS && segment.usable() && segment.dpl() < 3 && !conforming) {
                return false;
            }
        }
        return true;
    }

    private static long[] derived(Cpu c) {
        return new long[] {
            c.base[CS],
            c.readLimit[CS],
            c.writeLimit[CS],
            c.base[SS],
            c.readLimit[SS],
            c.writeLimit[SS],
            c.base[VcpuState.DS]
        };
    }
}
