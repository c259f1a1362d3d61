package trivium.x86.interp;

import static trivium.cpu.VcpuState.RSP;
import static trivium.cpu.VcpuState.SS;

import trivium.cpu.Segment;
import trivium.cpu.VcpuState;
import trivium.mmu.Mmu;

/**
 * A stack that frames of events and far transfers are written to or read from before SS:RSP is
 * changed: the present one, or that of another privilege level. {@link #sp} moves; the register
 * does not.
 */
final class FrameStack {
    private final Cpu c;
    private final VcpuState s;
    private final Segment segment = new Segment();

    /** In 64-bit mode: no segment, only canonical addresses. */
    private boolean wide;

    private int access;
    private int faultCode;
    private long mask;

    long sp;

    FrameStack(Cpu c) {
        this.c = c;
        s = c.s;
    }

    /**
     * SS:RSP as it is.
     *
     * @param faultCode error code of the #SS when it has no room
     */
    void present(int faultCode) {
        segment.set(s.segments[SS]);
        wide = c.mode64;
        mask = c.stackMask;
        sp = c.r[RSP] & mask;
        access = c.userAccess();
        this.faultCode = faultCode;
    }

    /**
     * The stack of another level.
     *
     * @param raw its descriptor
     * @param faultCode error code of the #SS when it has no room
     */
    void of(long raw, long sp, int cpl, int faultCode) {
        Descriptors.load(segment, 0, raw);
        wide = false;
        mask = Descriptors.big(raw) ? 0xffff_ffffL : 0xffff;
        this.sp = sp & mask;
        access = cpl == 3 ? Mmu.USER : 0;
        this.faultCode = faultCode;
    }

    /** A stack of 64-bit mode. */
    void wide(long sp, int cpl, int faultCode) {
        wide = true;
        mask = -1L;
        this.sp = sp;
        access = cpl == 3 ? Mmu.USER : 0;
        this.faultCode = faultCode;
    }

    void push(int size, long value) {
        long offset = sp - size & mask;
        c.storeLinear(linear(offset, size), size, value, access);
        sp = offset;
    }

    long pop(int size) {
        long value = c.loadLinear(linear(sp, size), size, access);
        sp = sp + size & mask;
        return value;
    }

    private long linear(long offset, int size) {
        if (wide) {
            if (!SegmentUnit.canonical(offset) || !SegmentUnit.canonical(offset + size - 1)) {
                throw c.fault(GuestException.SS, faultCode);
            }
            return offset;
        }
        long last = offset + size - 1;
        boolean fits;
        if (!c.protectedMode || c.v86 || (segment.type() & 4) == 0) {
            fits = last <= segment.limit || segment.limit == 0xffff_ffffL;
        } else {
            long top = (segment.attributes & Segment.DB) != 0 ? 0xffff_ffffL : 0xffff;
            fits = offset > segment.limit && last <= top;
        }
        if (!fits || !segment.usable()) {
            throw c.fault(GuestException.SS, faultCode);
        }
        return c.legacyLinear(segment.base + offset);
    }
}
