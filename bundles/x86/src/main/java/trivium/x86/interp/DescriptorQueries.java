package trivium.x86.interp;

import static trivium.x86.interp.Flags.ZF;
import static trivium.x86.interp.GuestException.NP;

import trivium.cpu.CpuModel;
import trivium.cpu.VcpuState;

/** LAR, LSL, VERR, VERW, ARPL, and the loads of LDTR and TR (SDM Vol. 2A, 2B). */
final class DescriptorQueries {
    /** Values that are no access rights or limit. */
    private static final long INACCESSIBLE = -1;

    private final Cpu c;
    private final VcpuState s;
    private final Descriptors descriptors;

    DescriptorQueries(Cpu c, SystemUnit unit) {
        this.c = c;
        s = c.s;
        descriptors = unit.descriptors;
    }

    // ---- LAR, LSL, VERR, VERW

    /**
     * LAR: sets ZF.
     *
     * @return the rights, or -1 with ZF clear
     */
    long accessRights(int selector, int size) {
        long raw = accessible(selector);
        boolean ok = raw != INACCESSIBLE && (Descriptors.ordinary(raw) || hasRights(raw));
        setZf(ok);
        return ok ? raw >>> 32 & (size == 2 ? 0xff00 : 0x00f0_ff00) : INACCESSIBLE;
    }

    /** LSL: sets ZF. @return the limit in bytes, or -1 with ZF clear */
    long limit(int selector) {
        long raw = accessible(selector);
        boolean ok = raw != INACCESSIBLE && (Descriptors.ordinary(raw) || hasLimit(raw));
        setZf(ok);
        return ok ? Descriptors.limit(raw) : INACCESSIBLE;
    }

    void verifyRead(int selector) {
        long raw = accessible(selector);
        setZf(raw != INACCESSIBLE && Descriptors.readable(raw));
    }

    void verifyWrite(int selector) {
        long raw = accessible(selector);
        setZf(raw != INACCESSIBLE && Descriptors.writableData(raw));
    }

    /** The descriptor if it lies in its table and the privilege suffices. */
    private long accessible(int selector) {
        if (Descriptors.isNull(selector) || !descriptors.inTable(selector, 8)) {
            return INACCESSIBLE;
        }
        long raw = descriptors.readAt(descriptors.address(selector));
        boolean conforming = Descriptors.code(raw) && Descriptors.conforming(raw);
        boolean allowed = conforming || Math.max(c.cpl, selector & 3) <= Descriptors.dpl(raw);
        return allowed ? raw : INACCESSIBLE;
    }

    private boolean hasRights(long raw) {
        return switch (Descriptors.type(raw)) {
            case Descriptors.CALL16, Descriptors.TASK_GATE -> !c.longMode;
            case Descriptors.CALL32 -> c.model.atLeast(CpuModel.I386);
            default -> hasLimit(raw);
        };
    }

    private boolean hasLimit(long raw) {
        return switch (Descriptors.type(raw)) {
            case Descriptors.TSS16, Descriptors.TSS16_BUSY -> !c.longMode;
            case Descriptors.LDT -> true;
            case Descriptors.TSS32, Descriptors.TSS32_BUSY -> c.model.atLeast(CpuModel.I386);
            default -> false;
        };
    }

    private void setZf(boolean set) {
        c.setStatusFlags(c.statusFlags() & ~ZF | (set ? ZF : 0));
    }

    /** ARPL: sets ZF. @return the adjusted selector */
    int adjustRpl(int destination, int source) {
        boolean less = (destination & 3) < (source & 3);
        setZf(less);
        return less ? destination & ~3 | source & 3 : destination;
    }

    // ---- LLDT, LTR

    void loadLdt(int selector) {
        if (Descriptors.isNull(selector)) {
            s.ldtr.set(selector, 0, 0xffff, 0);
            return;
        }
        long raw = systemDescriptor(selector);
        if (Descriptors.type(raw) != Descriptors.LDT) {
            throw c.gp(selector & ~3);
        }
        long base = base(selector, raw);
        s.ldtr.set(selector, base, Descriptors.limit(raw), Descriptors.attributes(raw));
    }

    void loadTask(int selector) {
        if (Descriptors.isNull(selector)) {
            throw c.gp(0);
        }
        long raw = systemDescriptor(selector);
        int type = Descriptors.type(raw);
        boolean available =
                type == Descriptors.TSS16 && !c.longMode
                        || type == Descriptors.TSS32 && c.model.atLeast(CpuModel.I386);
        if (!available) {
            throw c.gp(selector & ~3);
        }
        long base = base(selector, raw);
        descriptors.setBusy(selector);
        s.tr.set(selector, base, Descriptors.limit(raw), Descriptors.attributes(raw) | 2);
    }

    private long systemDescriptor(int selector) {
        if ((selector & 4) != 0) {
            throw c.gp(selector & ~3);
        }
        long raw = descriptors.read(selector);
        if (Descriptors.ordinary(raw)) {
            throw c.gp(selector & ~3);
        }
        return raw;
    }

    /** The base, 64 bits wide in long mode; and the check that the descriptor is present. */
    private long base(int selector, long raw) {
        if (!Descriptors.present(raw)) {
            throw c.fault(NP, selector & ~3);
        }
        if (!c.longMode) {
            return Descriptors.base(raw);
        }
        long upper = descriptors.readUpper(selector, GuestException.GP);
        long base = Descriptors.base(raw) | upper << 32;
        if (!SegmentUnit.canonical(base) || (upper >>> 40 & 0x1f) != 0) {
            throw c.gp(selector & ~3);
        }
        return base;
    }
}
