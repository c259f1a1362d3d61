package trivium.x86.interp;

import static trivium.x86.interp.Flags.*;

import trivium.cpu.VcpuExit;
import trivium.cpu.VcpuState;
import trivium.x86.Reset;

/**
 * Everything of the CPU that is not a plain instruction: the units that do the work, and the calls
 * that ops and the loop make of them.
 */
final class SystemUnit {
    private final Cpu c;
    private final VcpuState s;
    final Descriptors descriptors;
    final SegmentUnit segments;
    final FlagRules flags;
    final Tss tss;
    final DebugUnit debug;
    final ControlRegisters control;
    final TaskSwitch tasks;
    final EventDelivery events;
    final FarTransfer transfers;
    final FarReturn returns;
    final FastCalls fastCalls;
    final DescriptorQueries queries;
    final Msrs msrs;
    private final Cpuid cpuid;

    SystemUnit(Cpu c) {
        this.c = c;
        s = c.s;
        descriptors = new Descriptors(c);
        flags = new FlagRules(c);
        tss = new Tss(c, descriptors);
        debug = new DebugUnit(c, this);
        segments = new SegmentUnit(c, descriptors, debug);
        control = new ControlRegisters(c, this);
        tasks = new TaskSwitch(c, this);
        events = new EventDelivery(c, this);
        transfers = new FarTransfer(c, this);
        returns = new FarReturn(c, this);
        fastCalls = new FastCalls(c, this);
        queries = new DescriptorQueries(c, this);
        msrs = new Msrs(c, this);
        cpuid = new Cpuid(c.model);
    }

    // ---- what instructions ask

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
        debug.portAccess(port, size);
    }

    /** CPUID: sets RAX, RBX, RCX, RDX. */
    void cpuid() {
        cpuid.execute(c);
    }

    // ---- what the loop asks

    /** Whether any data breakpoint is armed: every access must then be looked at. */
    boolean dataBreakpoints() {
        return debug.dataArmed();
    }

    /** Sets the attention bits that follow from the state: TF, RF, shadow, breakpoints. */
    void updateAttention() {
        int attention = c.attention & Cpu.EXIT;
        if ((s.rflags & TF) != 0) {
            attention |= Cpu.TRAP_FLAG;
        }
        if (s.interruptShadow != VcpuState.SHADOW_NONE) {
            attention |= Cpu.SHADOW;
        }
        if (debug.armed()) {
            attention |= Cpu.DEBUG;
        }
        if ((s.rflags & RF) != 0) {
            attention |= Cpu.RESUME;
        }
        c.attention = attention;
    }

    /**
     * Delivers an exception to the guest, with double and triple faults as they follow. {@code
     * c.rip} is that of the faulting instruction.
     *
     * @return false if it ended in a triple fault
     */
    boolean deliverException(int vector, int errorCode) {
        debug.forget();
        return events.exception(vector, errorCode);
    }

    /** Delivers an external interrupt. @return false on a triple fault */
    boolean deliverInterrupt(int vector) {
        return events.external(vector);
    }

    /** Delivers an NMI. @return false on a triple fault */
    boolean deliverNmi() {
        return events.nmi();
    }

    /** INIT: the state after it. */
    void init() {
        c.leave();
        Reset.init(s, c.model);
        c.vcpu.apic().reset();
        c.mmu.flushAll();
        c.enter();
    }

    /** Start-up IPI. */
    void startUp(int vector) {
        Reset.startUp(s, vector);
        c.enter();
    }

    /** HLT: the machine waits. */
    void halt() {
        s.activity = VcpuState.HALTED;
        c.vcpu.onHalt();
        exit(VcpuExit.HALTED);
    }

    /** A triple fault where no return value can tell it. */
    void shutdown() {
        s.activity = VcpuState.SHUTDOWN;
        exit(VcpuExit.TRIPLE_FAULT);
    }

    private void exit(VcpuExit exit) {
        c.exit = exit;
        c.attention |= Cpu.EXIT;
    }

    /** An event ended a HLT before the loop saw it. */
    void awake() {
        s.activity = VcpuState.ACTIVE;
        if (c.exit == VcpuExit.HALTED) {
            c.exit = null;
            c.attention &= ~Cpu.EXIT;
        }
    }
}
