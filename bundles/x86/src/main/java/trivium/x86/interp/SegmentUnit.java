package trivium.x86.interp;

import static trivium.cpu.VcpuState.CS;
import static trivium.cpu.VcpuState.FS;
import static trivium.cpu.VcpuState.SS;
import static trivium.x86.interp.GuestException.GP;
import static trivium.x86.interp.GuestException.NP;

import trivium.cpu.CpuModel;
import trivium.cpu.Segment;
import trivium.cpu.VcpuState;

/**
 * Loads segment registers and checks accesses through them (SDM Vol. 3A "Protection"; Vol. 2B
 * "MOV—Move").
 */
final class SegmentUnit {
    private static final int REAL_DATA = Segment.P | Segment.S | Descriptors.WRITABLE | 1;
    static final int V86_DATA = REAL_DATA | 3 << Segment.DPL_SHIFT;

    private final Cpu c;
    private final VcpuState s;
    private final Descriptors descriptors;
    private final DebugUnit debug;

    SegmentUnit(Cpu c, Descriptors descriptors, DebugUnit debug) {
        this.debug = debug;
        this.c = c;
        this.descriptors = descriptors;
        s = c.s;
    }

    // ---- loads

    /** MOV, POP, LDS… into a segment register; CS only on the 8086. */
    void load(int seg, int selector) {
        selector &= 0xffff;
        if (!c.protectedMode) {
            loadReal(seg, selector);
        } else if (c.v86) {
            loadV86(seg, selector);
        } else if (seg == SS) {
            loadStack(selector);
        } else {
            loadData(seg, selector);
        }
        c.segmentChanged(seg);
    }

    /**
     * Real mode leaves limit and rights as protected mode left them ("big real mode"), but makes
     * the segment usable.
     */
    void loadReal(int seg, int selector) {
        Segment segment = s.segments[seg];
        segment.selector = selector;
        segment.base = (long) selector << 4;
        if (!segment.usable()) {
            segment.attributes = REAL_DATA;
        }
    }

    void loadV86(int seg, int selector) {
        s.segments[seg].set(selector, (long) selector << 4, 0xffff, V86_DATA);
    }

    void loadRealOrV86(int seg, int selector) {
        if (c.v86) {
            loadV86(seg, selector);
        } else {
            loadReal(seg, selector);
        }
    }

    private void loadStack(int selector) {
        int rpl = selector & 3;
        if (Descriptors.isNull(selector)) {
            if (!c.mode64 || c.cpl == 3 || rpl != c.cpl) {
                throw c.gp(0);
            }
            loadNullStack(selector, c.cpl);
            return;
        }
        long raw = descriptors.read(selector);
        if (rpl != c.cpl || !Descriptors.writableData(raw) || Descriptors.dpl(raw) != c.cpl) {
            throw c.gp(selector & ~3);
        }
        if (!Descriptors.present(raw)) {
            throw c.fault(GuestException.SS, selector & ~3);
        }
        raw = descriptors.markAccessed(selector, raw);
        Descriptors.load(s.segments[SS], selector, raw);
    }

    /** The null stack of 64-bit mode: unusable, but its DPL still says the privilege level. */
    void loadNullStack(int selector, int cpl) {
        s.segments[SS].set(selector, 0, 0xffff, cpl << Segment.DPL_SHIFT);
    }

    private void loadData(int seg, int selector) {
        if (Descriptors.isNull(selector)) {
            loadNull(seg, selector);
            return;
        }
        long raw = descriptors.read(selector);
        if (!Descriptors.readable(raw) || !mayLoad(raw, selector)) {
            throw c.gp(selector & ~3);
        }
        if (!Descriptors.present(raw)) {
            throw c.fault(NP, selector & ~3);
        }
        raw = descriptors.markAccessed(selector, raw);
        Descriptors.load(s.segments[seg], selector, raw);
    }

    private boolean mayLoad(long raw, int selector) {
        boolean conforming = Descriptors.code(raw) && Descriptors.conforming(raw);
        return conforming || Math.max(c.cpl, selector & 3) <= Descriptors.dpl(raw);
    }

    void loadNull(int seg, int selector) {
        s.segments[seg].set(selector, 0, 0xffff, 0);
    }

    /** After a return to an outer level: data segments that it may not use become null. */
    void dropInnerSegments(int cpl) {
        for (int i = 0; i < 6; i++) {
            Segment segment = s.segments[i];
            if (i == CS || i == SS || !segment.usable() || segment.dpl() >= cpl) {
                continue;
            }
            boolean conforming = (segment.type() & 0xc) == 0xc;
            if (!conforming) {
                // FS and GS bases survive: SDM Vol. 2 "RET", 64-bit mode.
                long base = i >= FS && c.longMode ? segment.base : 0;
                segment.set(0, base, 0xffff, 0);
                c.segmentChanged(i);
            }
        }
    }

    // ---- accesses

    /** All checks on an access through a segment; returns its linear address. */
    long checkedLinear(int seg, long offset, int size, boolean write) {
        long linear = c.base[seg] + offset & c.linearMask;
        if (c.mode64) {
            if (!canonical(linear) || !canonical(linear + size - 1)) {
                throw violation(seg);
            }
        } else {
            checkSegment(seg, offset, size, write);
        }
        if (c.noFastPath) {
            checkAlignment(linear, size);
            debug.dataAccess(linear, size, write);
        }
        return linear;
    }

    static boolean canonical(long linear) {
        return linear << 16 >> 16 == linear;
    }

    private GuestException violation(int seg) {
        // The 80286 has no stack fault in real mode.
        boolean stackFault = seg == SS && (c.protectedMode || c.model != CpuModel.I80286);
        return c.fault(stackFault ? GuestException.SS : GP, 0);
    }

    private void checkSegment(int seg, long offset, int size, boolean write) {
        Segment segment = s.segments[seg];
        boolean expandDown = false;
        if (c.protectedMode && !c.v86) {
            if (!segment.usable()) {
                throw violation(seg);
            }
            int type = segment.type();
            boolean code = (type & Descriptors.CODE) != 0;
            expandDown = !code && (type & 4) != 0;
            boolean allowed = write ? !code && (type & 2) != 0 : !code || (type & 2) != 0;
            if (!allowed) {
                throw violation(seg);
            }
        }
        if (!withinLimit(segment, offset, size, expandDown)) {
            throw violation(seg);
        }
    }

    private boolean withinLimit(Segment segment, long offset, int size, boolean expandDown) {
        long last = offset + size - 1;
        if (expandDown) {
            long top = (segment.attributes & Segment.DB) != 0 ? 0xffff_ffffL : 0xffff;
            return offset > segment.limit && last <= top;
        }
        // With a limit of 4 GiB an access wraps around its end, as on current processors; the
        // 8086 has no limits at all.
        return last <= segment.limit || segment.limit == 0xffff_ffffL || c.model == CpuModel.I8086;
    }

    private void checkAlignment(long linear, int size) {
        if (c.cpl != 3 || (linear & alignment(size) - 1) == 0) {
            return;
        }
        if ((s.cr0 & Flags.CR0_AM) != 0 && (s.rflags & Flags.AC) != 0) {
            throw c.fault(GuestException.AC, 0);
        }
    }

    /** SDM Vol. 3A "Alignment Check Exception"; 16-byte operands check for themselves. */
    private static int alignment(int size) {
        return size == 10 ? 8 : size == 16 ? 1 : size;
    }
}
