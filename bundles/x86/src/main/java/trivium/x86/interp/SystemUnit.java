package trivium.x86.interp;

import static trivium.x86.interp.Flags.*;

import trivium.cpu.VcpuState;

/**
 * Segment checks, event delivery, and everything else of the CPU that is not a plain instruction.
 */
final class SystemUnit {
    private final Cpu c;
    private final VcpuState s;
    final Descriptors descriptors;
    final SegmentUnit segments;
    final FlagRules flags;

    SystemUnit(Cpu c) {
        this.c = c;
        s = c.s;
        descriptors = new Descriptors(c);
        segments = new SegmentUnit(c, descriptors);
        flags = new FlagRules(c);
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
        return segments.checkedLinear(seg, offset, size, write);
    }

    /** MOV, POP, LDS… into a segment register; of CS on the 8086 only. All checks and faults. */
    void loadSegment(int seg, int selector) {
        segments.load(seg, selector);
    }

    /** POPF's value goes to the flags, as far as this mode and privilege let it. */
    void popFlags(long value, int size) {
        flags.pop(value, size);
    }

    /** What PUSHF of {@code size} bytes stores; faults if virtual-8086 mode forbids it. */
    long flagsImage(int size) {
        return flags.pushedFlags(size);
    }

    /** #GP(0) unless the program may access these ports: IN, OUT, INS, OUTS. */
    void checkIo(int port, int size) {
        flags.checkIo(port, size);
    }

    /** After MOV SS, POP SS: no interrupts and debug traps until after the next instruction. */
    void shadowStack() {
        s.interruptShadow = VcpuState.SHADOW_MOV_SS;
        c.attention |= Cpu.SHADOW;
    }

    /** CPUID: sets RAX, RBX, RCX, RDX. */
    void cpuid() {
        throw c.ud();
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
}
