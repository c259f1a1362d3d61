package trivium.bt;

import static trivium.bt.Asm.*;
import static trivium.bt.Gen.T0;
import static trivium.bt.Gen.T1;
import static trivium.bt.Gen.T2;
import static trivium.cpu.VcpuState.ES;

import trivium.x86.decode.Instruction;
import trivium.x86.decode.Mnemonic;

/**
 * Host code for MOVS, STOS, LODS, SCAS and CMPS, upwards, or downwards where the block itself sets
 * DF; other directions are left. A repeated one goes from page to page:
 *
 * <pre>
 * while count != 0:
 *     translate both addresses          a miss leaves here: the registers say how far it got
 *     n = elements before either page, segment or 16-bit offset ends, at most count
 *     the host's own REP instruction on n elements at the host addresses
 *     advance RSI, RDI, RCX; a compare may be done now
 *     leave if an event is pending
 * </pre>
 *
 * <p>The flags are in memory from the start: until the end they are those from before, which is
 * what a fault shows. Host pages are aligned as guest pages are.
 */
final class Strings {
    private static final int DF = 1 << 10, PAGE_OFFSET = 0xfff;
    private static final int CLD = 0xfc, STD = 0xfd;

    private final Gen g;
    private final Asm a;

    // The instruction being translated.
    private Instruction in;
    private Mnemonic kind;
    private int bytes, log, address;

    /** Whether the block has set DF before. */
    private boolean down;

    Strings(Gen g) {
        this.g = g;
        a = g.a;
    }

    void begin() {
        down = false;
    }

    /**
     * @return false if the interpreter has to do it; nothing was written then
     */
    boolean emit(Instruction instruction) {
        in = instruction;
        kind = in.mnemonic();
        switch (kind) {
            case STD, CLD -> {
                g.flags.clobber();
                down = kind == Mnemonic.STD;
                if (down) {
                    a.aluImm(OR, 4, Rm.gs(Area.RFLAGS), DF);
                } else {
                    a.aluImm(AND, 4, Rm.gs(Area.RFLAGS), ~DF);
                }
                return true;
            }
            case MOVS, STOS, LODS, SCAS, CMPS -> {
                bytes = in.bytes(0);
                log = Integer.numberOfTrailingZeros(bytes);
                address = in.addressSize;
            }
            default -> {
                return false;
            }
        }
        if (in.rep == Instruction.NO_REP) {
            single();
            return true;
        }
        // With FS or GS, 32-bit offsets may wrap within a page.
        if (kind == Mnemonic.LODS || g.mode.is64() && address == 4 && source() && in.segment >= 4) {
            return false;
        }
        repeat();
        return true;
    }

    /** Whether there is an operand at RSI. */
    private boolean source() {
        return kind == Mnemonic.MOVS || kind == Mnemonic.CMPS || kind == Mnemonic.LODS;
    }

    /** Whether there is an operand at RDI. */
    private boolean target() {
        return kind != Mnemonic.LODS;
    }

    private boolean compares() {
        return kind == Mnemonic.CMPS || kind == Mnemonic.SCAS;
    }

    private boolean writes() {
        return kind == Mnemonic.MOVS || kind == Mnemonic.STOS;
    }

    // ---- addresses

    /** T0 = an index register as far as the address size goes. */
    private void offset(long register) {
        if (address == 2) {
            a.extend(false, 2, 4, T0, register);
        } else {
            a.load(address, T0, register);
        }
    }

    private void accessSource() {
        offset(Rm.reg(RSI));
        g.access(in.segment, bytes, false);
    }

    private void accessTarget() {
        offset(Rm.reg(RDI));
        // A repeated one stores to what follows, too.
        g.access(ES, bytes, writes(), writes() && in.rep == Instruction.NO_REP);
    }

    /** Both host addresses: the source's in SCRATCH if there is a target, the last one in T0. */
    private void access() {
        if (source()) {
            accessSource();
            if (target()) {
                a.store(8, Rm.gs(Area.SCRATCH), T0);
            }
        }
        if (target()) {
            accessTarget();
        }
    }

    /** A block that was entered in between may find another direction than it expects. */
    private void checkDirection() {
        a.testImm(4, Rm.gs(Area.RFLAGS), DF);
        g.cold(a.jcc(down ? E : NE), Exit.ONE);
    }

    // ---- one element

    private void single() {
        g.flags.clobber();
        access();
        checkDirection();
        switch (kind) {
            case MOVS -> {
                a.load(8, T1, Rm.gs(Area.SCRATCH));
                a.load(bytes, T1, Rm.mem(T1, 0));
                a.store(bytes, Rm.mem(T0, 0), T1);
            }
            case STOS -> a.store(bytes, Rm.mem(T0, 0), RAX);
            case LODS -> {
                g.flags.willWrite(RAX);
                a.load(bytes, RAX, Rm.mem(T0, 0));
            }
            case SCAS -> {
                a.alu(CMP, bytes, RAX, Rm.mem(T0, 0));
                g.flags.produced(null);
            }
            default -> {
                a.load(8, T1, Rm.gs(Area.SCRATCH));
                a.load(bytes, T1, Rm.mem(T1, 0));
                a.alu(CMP, bytes, T1, Rm.mem(T0, 0));
                g.flags.produced(null);
            }
        }
        if (source()) {
            step(RSI);
        }
        if (target()) {
            step(RDI);
        }
    }

    private void step(int register) {
        g.flags.willWrite(register);
        advance(register, Rm.mem(register, down ? -bytes : bytes));
    }

    /** Gives an index or count register a new value, without a change of flags. T1 is lost. */
    private void advance(int register, long sum) {
        if (address == 2) {
            a.lea(4, T1, sum);
            a.mov(2, register, T1);
        } else {
            a.lea(address, register, sum);
        }
    }

    // ---- repeated

    private void repeat() {
        g.flags.requireSaved();
        g.retryHere();
        checkDirection();
        testCount();
        int zero = a.jcc(E);
        int top = a.size;
        access();
        hostAddresses();
        elements();
        a.mov(8, RCX, T2);
        host();
        advanceAll();
        int equal = -1;
        int done;
        if (compares()) {
            equal = a.jcc(in.rep == Instruction.REP ? NE : E);
            done = jumpIfNoCount();
        } else {
            testCount();
            done = a.jcc(E);
        }
        g.interruptible();
        a.bindTo(a.jmp(), top);
        a.bind(zero);
        nothing();
        a.bind(done);
        if (compares()) {
            a.bind(equal);
            g.flags.produced(null);
        }
    }

    private void testCount() {
        a.test(address, Rm.reg(RCX), RCX);
    }

    /** The guest's registers go to the vCPU block, host addresses to RSI and RDI. */
    private void hostAddresses() {
        a.store(8, Rm.gs(Area.register(RCX)), RCX);
        a.store(8, Rm.gs(Area.register(RDI)), RDI);
        a.mov(8, RDI, T0);
        if (source()) {
            a.store(8, Rm.gs(Area.register(RSI)), RSI);
            a.load(8, RSI, Rm.gs(Area.SCRATCH));
        }
    }

    /** T2 = how many elements can be done at once, one at least. T0 and T1 are lost. */
    private void elements() {
        a.mov(4, T2, RDI);
        a.aluImm(AND, 4, Rm.reg(T2), PAGE_OFFSET);
        if (source()) {
            a.mov(4, T1, RSI);
            a.aluImm(AND, 4, Rm.reg(T1), PAGE_OFFSET);
            a.alu(CMP, 4, T2, Rm.reg(T1));
            a.cmov(down ? A : B, 4, T2, Rm.reg(T1));
        }
        if (down) {
            shift(T2);
            a.lea(4, T2, Rm.mem(T2, 1));
        } else {
            a.aluImm(XOR, 4, Rm.reg(T2), PAGE_OFFSET);
            a.lea(4, T2, Rm.mem(T2, 1));
            shift(T2);
        }
        if (source()) {
            withinSegment(in.segment, RSI, false);
        }
        withinSegment(ES, RDI, writes());
        if (address == 2) {
            if (bytes > 1) {
                // Behind a last element that goes beyond FFFF the offset wraps.
                a.aluImm(CMP, 4, Rm.reg(T2), 1);
                a.aluImm(ADC, 4, Rm.reg(T2), 0);
            }
            a.extend(false, 2, 4, T1, Rm.reg(RCX));
            atMost(T1);
        } else {
            a.alu(CMP, address, T2, Rm.reg(RCX));
            a.cmov(A, address, T2, Rm.reg(RCX));
        }
    }

    private void shift(int register) {
        if (log > 0) {
            a.shiftImm(SHR, 8, Rm.reg(register), log);
        }
    }

    private void atMost(int register) {
        a.alu(CMP, 8, T2, Rm.reg(register));
        a.cmov(A, 8, T2, Rm.reg(register));
    }

    /** No more elements than up to the segment's limit and offset FFFF, or down to offset 0. */
    private void withinSegment(int segment, int register, boolean write) {
        boolean limited = !g.mode.is64() && !g.mode.flat(segment);
        if (limited || address == 2) {
            offset(Rm.gs(Area.register(register)));
            if (down) {
                shift(T0);
                a.aluImm(ADD, 8, Rm.reg(T0), 1);
                atMost(T0);
                return;
            }
        }
        if (limited) {
            int limits = write ? Area.WRITE_LIMIT : Area.READ_LIMIT;
            a.load(8, T1, Rm.gs(limits + 8 * segment));
            a.alu(SUB, 8, T1, Rm.reg(T0));
            a.aluImm(ADD, 8, Rm.reg(T1), 1);
            shift(T1);
            atMost(T1);
        }
        if (address == 2) {
            a.movImm(T1, 0x1_0000);
            a.alu(SUB, 8, T1, Rm.reg(T0));
            shift(T1);
            atMost(T1);
        }
    }

    /** The host's string instruction, on RCX elements. */
    private void host() {
        if (down) {
            a.u8(STD);
        }
        a.u8(in.rep);
        if (bytes == 2) {
            a.u8(0x66);
        } else if (bytes == 8) {
            a.u8(0x48);
        }
        a.u8(in.opcode);
        if (down) {
            a.u8(CLD);
        }
    }

    /** Brings the guest's registers back, advanced; no flags change. */
    private void advanceAll() {
        if (compares()) {
            // T2 less what is left in RCX
            a.group3(NOT, 8, Rm.reg(RCX));
            a.lea(8, T2, Rm.mem(T2, RCX, 0, 1));
        }
        if (!down) {
            advanceIndexes(0);
        }
        a.group3(NOT, 8, Rm.reg(T2)); // - T2 - 1
        if (down) {
            advanceIndexes(bytes);
        }
        a.load(8, RCX, Rm.gs(Area.register(RCX)));
        advance(RCX, Rm.mem(RCX, T2, 0, 1));
    }

    private void advanceIndexes(int more) {
        if (source()) {
            a.load(8, RSI, Rm.gs(Area.register(RSI)));
            advance(RSI, Rm.mem(RSI, T2, log, more));
        }
        a.load(8, RDI, Rm.gs(Area.register(RDI)));
        advance(RDI, Rm.mem(RDI, T2, log, more));
    }

    /**
     * @return the jump that is taken if the count is 0; no flags change
     */
    private int jumpIfNoCount() {
        if (address == 2) {
            a.mov(8, T1, RCX);
            a.extend(false, 2, 4, RCX, Rm.reg(RCX));
        } else if (address == 4) {
            a.u8(0x67);
        }
        a.u8(0xe3); // JRCXZ, over the jump
        a.u8(5);
        int on = a.jmp();
        if (address == 2) {
            a.mov(8, RCX, T1);
        }
        int done = a.jmp();
        a.bind(on);
        if (address == 2) {
            a.mov(8, RCX, T1);
        }
        return done;
    }

    /** No iterations; but 32-bit addresses have cleared upper halves by then. */
    private void nothing() {
        if (address == 4) {
            a.mov(4, RCX, RCX);
            if (kind == Mnemonic.MOVS) {
                a.mov(4, RSI, RSI);
            }
            if (writes()) {
                a.mov(4, RDI, RDI);
            }
        }
        if (compares()) {
            g.flags.require();
        }
    }
}
