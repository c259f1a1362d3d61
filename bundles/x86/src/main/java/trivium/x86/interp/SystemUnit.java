package trivium.x86.interp;

import static trivium.x86.interp.Flags.*;

import trivium.cpu.Segment;
import trivium.cpu.VcpuState;

/**
 * Segment checks, event delivery, and everything else of the CPU that is not a plain instruction.
 */
final class SystemUnit {
    private final Cpu c;
    private final VcpuState s;

    SystemUnit(Cpu c) {
        this.c = c;
        s = c.s;
    }

    /** Whether any data breakpoint is armed: every access must then be looked at. */
    boolean dataBreakpoints() {
        return false;
    }

    /** Sets the attention bits that follow from the state: TF, interrupt shadow, breakpoints. */
    void updateAttention() {
        c.attention &= ~(Cpu.TRAP_FLAG | Cpu.SHADOW);
        if ((s.rflags & TF) != 0) {
            c.attention |= Cpu.TRAP_FLAG;
        }
        if (s.interruptShadow != VcpuState.SHADOW_NONE) {
            c.attention |= Cpu.SHADOW;
        }
    }

    /** All checks on an access through a segment; returns its linear address. */
    long checkedLinear(int seg, long offset, int size, boolean write) {
        long linear = c.base[seg] + offset;
        if (c.mode64) {
            if (linear << 16 >> 16 != linear) {
                throw c.fault(seg == VcpuState.SS ? GuestException.SS : GuestException.GP, 0);
            }
            return linear;
        }
        Segment segment = s.segments[seg];
        if (offset + size - 1 > segment.limit) {
            throw c.fault(seg == VcpuState.SS ? GuestException.SS : GuestException.GP, 0);
        }
        return linear & c.linearMask;
    }

    /**
     * Delivers an exception to the guest, with double and triple faults as they follow. {@code
     * c.rip} is that of the faulting instruction.
     *
     * @return false if it ended in a triple fault
     */
    boolean deliverException(int vector, int errorCode) {
        throw new AssertionError("exception " + vector);
    }

    /** Delivers an external interrupt. @return false on a triple fault */
    boolean deliverInterrupt(int vector) {
        throw new AssertionError("interrupt " + vector);
    }

    /** Delivers an NMI. @return false on a triple fault */
    boolean deliverNmi() {
        throw new AssertionError("NMI");
    }

    /** INIT: the state after it. */
    void init() {}

    /** Start-up IPI. */
    void startUp(int vector) {}

    /**
     * After one instruction with TF set or breakpoints armed: the debug traps it raises. @return
     * false on a triple fault
     */
    boolean debugTraps(boolean trapFlagWasSet) {
        return true;
    }

    /** Loads a segment register with all checks. */
    void loadSegment(int segment, int selector) {
        s.segments[segment].set(selector, (long) selector << 4, 0xffff, Segment.P | Segment.S | 3);
        c.segmentChanged(segment);
    }

    /** Faults if the guest may not use these ports. */
    void checkIo(int port, int size) {}

    /** RFLAGS as PUSHF stores it. */
    long flagsImage(int size) {
        return c.flags();
    }

    /** POPF. */
    void popFlags(long value, int size) {
        c.setStatusFlags((int) value);
        s.rflags = value & ~(long) STATUS | 2;
        updateAttention();
    }
}
