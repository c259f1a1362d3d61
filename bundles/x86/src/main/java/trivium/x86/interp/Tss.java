package trivium.x86.interp;

import static trivium.x86.interp.GuestException.TS;

import trivium.cpu.VcpuState;
import trivium.mmu.Mmu;

/** The stacks that the present task's TSS names (SDM Vol. 3A "Task-State Segment"). */
final class Tss {
    private final Cpu c;
    private final VcpuState s;
    private final Descriptors descriptors;

    /** The last {@link #inner}'s stack selector and pointer. */
    int selector;

    long pointer;

    Tss(Cpu c, Descriptors descriptors) {
        this.c = c;
        this.descriptors = descriptors;
        s = c.s;
    }

    /**
     * Finds and checks the stack of an inner level.
     *
     * @return its descriptor, marked accessed; {@link #selector} and {@link #pointer} beside
     */
    long inner(int level, int ext) {
        if ((s.tr.type() & 8) != 0) {
            int at = level * 8 + 4;
            check(at + 5, ext);
            pointer = read(at, 4);
            selector = (int) read(at + 4, 2);
        } else {
            int at = level * 4 + 2;
            check(at + 3, ext);
            pointer = read(at, 2);
            selector = (int) read(at + 2, 2);
        }
        if (Descriptors.isNull(selector)) {
            throw c.fault(TS, ext);
        }
        long raw = descriptors.read(selector, TS, ext);
        int code = selector & ~3 | ext;
        if ((selector & 3) != level
                || Descriptors.dpl(raw) != level
                || !Descriptors.writableData(raw)) {
            throw c.fault(TS, code);
        }
        if (!Descriptors.present(raw)) {
            throw c.fault(GuestException.SS, code);
        }
        return descriptors.markAccessed(selector, raw);
    }

    /** RSP0 to RSP2 of the 64-bit TSS. */
    long rsp(int level, int ext) {
        return wide(4 + 8 * level, ext);
    }

    /** IST1 to IST7. */
    long interruptStack(int ist, int ext) {
        return wide(28 + 8 * ist, ext);
    }

    private long wide(int at, int ext) {
        check(at + 7, ext);
        long rsp = read(at, 8);
        if (!SegmentUnit.canonical(rsp)) {
            throw c.fault(GuestException.SS, ext);
        }
        return rsp;
    }

    private void check(int last, int ext) {
        if (last > s.tr.limit) {
            throw c.fault(TS, s.tr.selector & ~3 | ext);
        }
    }

    private long read(int at, int size) {
        long linear = s.tr.base + at;
        return c.loadLinear(c.longMode ? linear : c.legacyLinear(linear), size, Mmu.IMPLICIT);
    }
}
