package trivium.bt;

import static trivium.bt.Asm.*;
import static trivium.bt.Gen.T0;
import static trivium.bt.Gen.T1;
import static trivium.bt.Gen.T2;
import static trivium.cpu.VcpuState.CS;
import static trivium.cpu.VcpuState.RCX;
import static trivium.cpu.VcpuState.RDX;
import static trivium.cpu.VcpuState.RSP;
import static trivium.cpu.VcpuState.SS;

import java.util.ArrayList;
import java.util.List;
import java.util.function.ToIntFunction;
import trivium.cpu.Segment;
import trivium.x86.decode.Instruction;
import trivium.x86.decode.Mnemonic;
import trivium.x86.interp.Cpu;
import trivium.x86.interp.Tlb;

/**
 * Host code for INT n, IRET, faults, SYSCALL, SYSRET, SYSENTER, SYSEXIT, STAC and CLAC, and loads
 * of data segments, from one known {@link Context} to another: what the interpreter does in {@code
 * EventDelivery}, {@code FarReturn}, {@code FastCalls} and {@code SegmentUnit}, for the descriptors
 * found when the code was made. That they still are what they were is compared each time, in
 * memory, through the TLB. Whatever is not as expected is left to the interpreter, before anything
 * is changed.
 */
final class Transitions {
    private static final int TF = 1 << 8, IF = 1 << 9, DF = 1 << 10, IOPL = 3 << 12;
    private static final int NT = 1 << 14, RF = 1 << 16, VM = 1 << 17, AC = 1 << 18;
    private static final int VIF = 1 << 19, VIP = 1 << 20, ID = 1 << 21, STATUS = 0x8d5;

    /** Flags with which the interpreter does it. */
    private static final int SPECIAL = TF | NT | RF | VM | AC | VIF | VIP;

    /** What SYSRET takes from R11. */
    private static final int SYSRET_FLAGS = 0x3c_7fd7;

    private static final int GUEST_R11 = 11;

    private static final int READ = Cpu.SUPERVISOR_TLB + Tlb.READ;
    private static final int WRITE = Cpu.SUPERVISOR_TLB + Tlb.WRITE;

    /** Eight bytes at a linear address that must be as they were. */
    record Quad(long linear, long value) {}

    /**
     * An interrupt's way.
     *
     * @param known gate and descriptors
     * @param stackPointer linear address of the inner stack pointer in the TSS, or 0
     * @param fault of the instruction at {@link Area#FAULT_IP}, not INT n
     * @param error whether {@link Area#FAULT_ERROR} is pushed
     */
    record Interrupt(
            Context from,
            Context to,
            List<Quad> known,
            long offset,
            boolean clearsIf,
            long stackPointer,
            boolean fault,
            boolean error) {}

    /** A way out of a context. */
    interface Way {
        Context from();
    }

    /** A return's way. */
    record Return(Context from, Context to, List<Quad> known) implements Way {}

    /**
     * The way of SYSCALL, SYSRET, SYSENTER, SYSEXIT, STAC or CLAC.
     *
     * @param ip where it leads, and what the stack pointer is then, if that is fixed
     * @param mask flags that SYSCALL clears
     */
    record Fast(Mnemonic how, Context from, Context to, long ip, long sp, int mask)
            implements Way {}

    /**
     * The way of MOV or POP into a segment register.
     *
     * @param segment the register's number; then what it has behind the load
     * @param readLimit highest offsets certainly allowed, as in {@link Area#READ_LIMIT}
     */
    record Load(
            Context from,
            Context to,
            List<Quad> known,
            int segment,
            int selector,
            long base,
            long limit,
            int attributes,
            long readLimit,
            long writeLimit)
            implements Way {
        Segment value() {
            Segment value = new Segment();
            value.set(selector, base, limit, attributes);
            return value;
        }
    }

    private final Asm a = new Asm();
    private final CodeCache cache;
    private final List<Integer> slow = new ArrayList<>();
    private long origin;
    private int slowExit, translation, index, instructions;

    Transitions(CodeCache cache) {
        this.cache = cache;
    }

    private void begin(Translation t) {
        a.reset();
        slow.clear();
        origin = cache.next();
        translation = t.number;
        instructions = t.instructions();
        index = instructions - 1;
        slowExit = Exit.ONE;
    }

    /**
     * @param t ends with the INT
     * @return where the code is, or 0 if there is no room
     */
    long interrupt(Translation t, Interrupt way) {
        begin(t);
        return interrupt(way, t.endIp);
    }

    /**
     * @return where the code is, or 0 if there is no room
     */
    long fault(Interrupt way) {
        a.reset();
        slow.clear();
        origin = cache.next();
        translation = 0;
        index = 0;
        instructions = 0;
        slowExit = Exit.FAULT;
        return interrupt(way, 0);
    }

    private long interrupt(Interrupt way, long next) {
        boolean wide = way.to.mode.is64();
        boolean inner = way.from.cpl() != way.to.cpl();
        int n = wide ? 8 : 4;
        int words = wide || inner ? 5 : 3;
        int ip = way.error ? n : 0;
        from(way.from);
        to(way.to);
        way.known.forEach(this::known);
        image();
        a.store(8, Rm.gs(Area.SCRATCH), T2);
        if (way.stackPointer == 0) {
            a.mov(n, T0, Gen.canonical(RSP));
        } else {
            task(way.stackPointer, n, way.to);
        }
        if (wide) {
            a.aluImm(AND, 8, Rm.reg(T0), -16);
        }
        a.lea(n, T0, Rm.mem(T0, -n * words - ip));
        frame(WRITE, n * words + ip);
        a.load(8, T2, Rm.gs(Area.SCRATCH));
        if (way.fault) {
            a.aluImm(OR, 4, Rm.reg(T2), RF);
        }
        a.store(n, Rm.mem(T1, ip + 2 * n), T2);
        if (words == 5) {
            a.store(n, Rm.mem(T1, ip + 3 * n), Gen.canonical(RSP));
            a.storeImm(n, Rm.mem(T1, ip + 4 * n), way.from.ss.selector);
        }
        a.storeImm(n, Rm.mem(T1, ip + n), way.from.cs.selector);
        a.aluImm(AND, 4, Rm.reg(T2), way.clearsIf ? ~(IF | RF) : ~RF);
        a.store(8, Rm.gs(Area.RFLAGS), T2);
        if (way.error) {
            a.load(4, T2, Rm.gs(Area.FAULT_ERROR));
            a.store(n, Rm.mem(T1, 0), T2);
        }
        if (way.fault) {
            a.load(8, T2, Rm.gs(Area.FAULT_IP));
        } else {
            a.movImm(T2, next);
        }
        a.store(n, Rm.mem(T1, ip), T2);
        a.mov(n, Gen.canonical(RSP), T0);
        a.movImm(T0, way.offset);
        commit(way.to);
        return end();
    }

    /**
     * @param t ends with the instruction
     * @param ways from different contexts
     * @return where the code is, or 0 if there is no room
     */
    long fast(Translation t, List<Fast> ways) {
        begin(t);
        for (Fast way : ways) {
            int other = unless(way.from);
            fast(t, way);
            a.bind(other);
        }
        slow.add(a.jmp());
        return end();
    }

    private void fast(Translation t, Fast way) {
        to(way.to);
        int n = way.to.mode.is64() ? 8 : 4;
        switch (way.how) {
            case SYSCALL -> {
                image();
                a.store(8, Rm.gs(Area.register(GUEST_R11)), T2);
                a.movImm(Gen.canonical(RCX), t.endIp);
                a.aluImm(AND, 4, Rm.reg(T2), ~way.mask);
                flags();
                a.movImm(T0, way.ip);
            }
            case SYSRET -> {
                a.load(4, T2, Rm.gs(Area.register(GUEST_R11)));
                a.aluImm(AND, 4, Rm.reg(T2), SYSRET_FLAGS);
                a.testImm(4, Rm.reg(T2), SPECIAL);
                slow(NE);
                sameIopl(way.to);
                canonical(Gen.canonical(RCX));
                a.load(4, T2, Rm.gs(Area.register(GUEST_R11)));
                flags();
                a.mov(8, T0, Gen.canonical(RCX));
            }
            case SYSENTER -> {
                a.testImm(4, Rm.gs(Area.RFLAGS), SPECIAL);
                slow(NE);
                a.aluImm(AND, 4, Rm.gs(Area.RFLAGS), ~IF);
                a.movImm(Gen.canonical(RSP), way.sp);
                a.movImm(T0, way.ip);
            }
            default -> {
                a.testImm(4, Rm.gs(Area.RFLAGS), SPECIAL);
                slow(NE);
                if (n == 8) {
                    canonical(Gen.canonical(RCX));
                    canonical(Gen.canonical(RDX));
                }
                a.mov(n, Gen.canonical(RSP), Gen.canonical(RCX));
                a.mov(n, T0, Gen.canonical(RDX));
            }
        }
        commit(way.to);
    }

    /**
     * STAC or CLAC.
     *
     * @param t ends with it
     * @param ways from different contexts
     * @return where the code is, or 0 if there is no room
     */
    long access(Translation t, List<Fast> ways) {
        begin(t);
        for (Fast way : ways) {
            a.aluImm(CMP, 4, Rm.gs(Area.CONTEXT), way.from.number);
            int other = a.jcc(NE);
            to(way.to);
            boolean on = way.how == Mnemonic.STAC;
            a.aluImm(on ? OR : AND, 4, Rm.gs(Area.RFLAGS), on ? AC : ~AC);
            a.movImm(T0, way.ip);
            commit(way.to);
            a.bind(other);
        }
        return end();
    }

    /**
     * A load of the selector in T1 into a segment register.
     *
     * @param t ends with it
     * @param ways from different contexts, or of different selectors
     * @param numbers of what they load, for {@link Area#LOADED_NUMBER}
     * @return where the code is, or 0 if there is no room
     */
    long load(Translation t, List<Load> ways, ToIntFunction<Load> numbers) {
        begin(t);
        Instruction in = t.list.getLast();
        for (Load way : ways) {
            int other = unless(way.from);
            a.aluImm(CMP, 4, Rm.reg(T1), way.selector);
            int another = a.jcc(NE);
            way.known.forEach(this::known);
            int segment = way.segment;
            a.storeImm(4, Rm.gs(Area.SELECTOR + 4 * segment), way.selector);
            store(Area.SEGMENT_BASE + 8 * segment, way.base);
            store(Area.READ_LIMIT + 8 * segment, way.readLimit);
            store(Area.WRITE_LIMIT + 8 * segment, way.writeLimit);
            a.storeImm(4, Rm.gs(Area.LOADED_NUMBER + 4 * segment), numbers.applyAsInt(way));
            a.aluImm(OR, 4, Rm.gs(Area.LOADED), 1 << segment);
            if (in.mnemonic() == Mnemonic.POP) {
                int sp = Gen.canonical(RSP);
                a.lea(4, sp, Rm.mem(sp, in.operandSize));
            }
            a.storeImm(4, Rm.gs(Area.CONTEXT), way.to.number);
            a.movImm(T0, t.endIp);
            goOn(way.to);
            a.bind(another);
            a.bind(other);
        }
        slow.add(a.jmp());
        return end();
    }

    /** T2 is lost. */
    private void store(int field, long value) {
        a.movImm(T2, value);
        a.store(8, Rm.gs(field), T2);
    }

    /** The IOPL in T2, which is lost, must be the context's. */
    private void sameIopl(Context context) {
        a.aluImm(AND, 4, Rm.reg(T2), IOPL);
        a.aluImm(CMP, 4, Rm.reg(T2), context.iopl);
        slow(NE);
    }

    /** T2 is lost. */
    private void canonical(int register) {
        a.mov(8, T2, register);
        a.shiftImm(SHL, 8, Rm.reg(T2), 16);
        a.shiftImm(SAR, 8, Rm.reg(T2), 16);
        a.alu(CMP, 8, T2, Rm.reg(register));
        slow(NE);
    }

    /**
     * @param t ends with the IRET
     * @return where the code is, or 0 if there is no room
     */
    long returns(Translation t, List<Return> ways) {
        begin(t);
        ways.stream()
                .map(Return::from)
                .distinct()
                .forEach(from -> {
                    int other = unless(from);
                    returns(ways.stream().filter(way -> way.from == from).toList(), t.mode.is64());
                    a.bind(other);
                });
        slow.add(a.jmp());
        return end();
    }

    /** From one context. */
    private void returns(List<Return> ways, boolean wide) {
        int n = wide ? 8 : 4;
        a.testImm(4, Rm.gs(Area.RFLAGS), SPECIAL);
        slow(NE);
        a.mov(n, T0, Gen.canonical(RSP));
        frame(READ, wide ? 5 * n : 3 * n);
        a.store(8, Rm.gs(Area.SCRATCH), T1);
        for (Return way : ways) {
            List<Integer> others = new ArrayList<>();
            a.aluImm(CMP, 2, Rm.mem(T1, n), (short) way.to.cs.selector);
            others.add(a.jcc(NE));
            if (wide) {
                a.aluImm(CMP, 2, Rm.mem(T1, 4 * n), (short) way.to.ss.selector);
                others.add(a.jcc(NE));
            }
            one(way, n);
            others.forEach(a::bind);
        }
        slow.add(a.jmp());
    }

    private void one(Return way, int n) {
        boolean wide = n == 8;
        boolean outer = way.from.cpl() != way.to.cpl();
        if (outer && !wide) {
            frame(READ, 5 * n);
            a.aluImm(CMP, 2, Rm.mem(T1, 4 * n), (short) way.to.ss.selector);
            slow(NE);
        }
        to(way.to);
        way.known.forEach(this::known);
        a.load(8, T1, Rm.gs(Area.SCRATCH));
        a.load(4, T2, Rm.mem(T1, 2 * n));
        // The next instruction clears RF, whatever becomes of it; counted runs may end before it.
        boolean sees = way.from.mode.counted();
        a.testImm(4, Rm.reg(T2), sees ? SPECIAL : SPECIAL & ~RF);
        slow(NE);
        sameIopl(way.to);
        a.load(n, T0, Rm.mem(T1, 0));
        if (wide) {
            canonical(T0);
        }
        a.load(4, T2, Rm.mem(T1, 2 * n));
        if (wide || outer) {
            a.load(n, Gen.canonical(RSP), Rm.mem(T1, 3 * n));
        } else {
            a.lea(n, Gen.canonical(RSP), Rm.mem(Gen.canonical(RSP), 3 * n));
        }
        flags();
        commit(way.to);
    }

    /** T2 = image of the flags, which become the flags. T1 is lost. */
    private void flags() {
        a.aluImm(AND, 4, Rm.reg(T2), STATUS | DF | IF | IOPL | ID);
        a.aluImm(OR, 4, Rm.reg(T2), 2);
        a.store(8, Rm.gs(Area.RFLAGS), T2);
        a.mov(4, T1, T2);
        a.shiftImm(SHR, 4, Rm.reg(T1), 11);
        a.aluImm(AND, 4, Rm.reg(T1), 1);
        a.aluImm(AND, 4, Rm.reg(T2), STATUS & 0xff);
        a.shiftImm(SHL, 4, Rm.reg(T2), 8);
        a.alu(OR, 4, T2, Rm.reg(T1));
        a.aluImm(OR, 4, Rm.reg(T2), 0x200);
        a.store(2, Rm.gs(Area.FLAGS), T2);
    }

    // ---- pieces

    private void slow(int cc) {
        slow.add(a.jcc(cc));
    }

    /**
     * @return a jump that is taken in any other context
     */
    private int unless(Context context) {
        a.aluImm(CMP, 4, Rm.gs(Area.CONTEXT), context.number);
        return a.jcc(NE);
    }

    private void from(Context context) {
        a.aluImm(CMP, 4, Rm.gs(Area.CONTEXT), context.number);
        slow(NE);
    }

    /** The EXEC table of the target's privilege must be that of its mode. */
    private void to(Context context) {
        a.aluImm(CMP, 4, Rm.gs(Area.execMode(context.mode)), context.modeNumber);
        slow(NE);
    }

    private static int slot(long linear) {
        return (int) (linear >>> Tlb.SLOT_SHIFT) & Tlb.SLOT_MASK;
    }

    /** T1 = host address of a linear address that the CPU reads by itself. */
    private void system(long linear) {
        long page = linear & -4096;
        if (page == (int) page) {
            a.aluImm(CMP, 8, Rm.gs(READ + slot(linear)), (int) page);
        } else {
            a.movImm(T1, page);
            a.alu(CMP, 8, T1, Rm.gs(READ + slot(linear)));
        }
        slow(NE);
        a.movImm(T1, linear);
        a.alu(ADD, 8, T1, Rm.gs(READ + slot(linear) + 8));
    }

    private void known(Quad quad) {
        system(quad.linear);
        a.movImm(T2, quad.value);
        a.alu(CMP, 8, T2, Rm.mem(T1, 0));
        slow(NE);
    }

    /** T0 = the inner stack pointer of the TSS; before 64-bit mode its selector is looked at. */
    private void task(long linear, int n, Context to) {
        system(linear);
        if (n == 4) {
            a.aluImm(CMP, 2, Rm.mem(T1, 4), (short) to.ss.selector);
            slow(NE);
        }
        a.load(n, T0, Rm.mem(T1, 0));
    }

    /** T1 = host address of a frame at the linear address T0; T2 is lost. */
    private void frame(int table, int bytes) {
        a.mov(4, T1, T0);
        a.shiftImm(SHR, 4, Rm.reg(T1), Tlb.SLOT_SHIFT);
        a.aluImm(AND, 4, Rm.reg(T1), Tlb.SLOT_MASK);
        a.lea(8, T2, Rm.mem(T0, bytes - 1));
        a.aluImm(AND, 8, Rm.reg(T2), -4096);
        a.alu(CMP, 8, T2, Rm.gs(T1, table));
        slow(NE);
        a.load(8, T1, Rm.gs(T1, table + 8));
        a.alu(ADD, 8, T1, Rm.reg(T0));
    }

    /** T2 = the flags as they are pushed. T1 is lost. */
    private void image() {
        a.extend(false, 2, 4, T1, Rm.gs(Area.FLAGS));
        a.mov(4, T2, T1);
        a.shiftImm(SHR, 4, Rm.reg(T1), 8);
        a.aluImm(AND, 4, Rm.reg(T2), 1);
        a.shiftImm(SHL, 4, Rm.reg(T2), 11);
        a.alu(OR, 4, T2, Rm.reg(T1));
        a.load(4, T1, Rm.gs(Area.RFLAGS));
        a.aluImm(AND, 4, Rm.reg(T1), ~STATUS);
        a.alu(OR, 4, T2, Rm.reg(T1));
        a.aluImm(OR, 4, Rm.reg(T2), 2);
        a.testImm(4, Rm.reg(T2), SPECIAL);
        slow(NE);
    }

    /** Everything is done but to go on at the IP in T0, in a context. */
    private void commit(Context to) {
        a.storeImm(4, Rm.gs(Area.CONTEXT), to.number);
        a.storeImm(4, Rm.gs(Area.SELECTOR + 4 * CS), to.cs.selector);
        a.storeImm(4, Rm.gs(Area.SELECTOR + 4 * SS), to.ss.selector);
        goOn(to);
    }

    /** Goes on at the IP in T0. */
    private void goOn(Context to) {
        a.lea(8, Gen.COUNT, Rm.mem(Gen.COUNT, instructions));
        Gen.jumpEntry(a);
        a.alu(CMP, 8, T0, Rm.gs(T1, Area.JUMP_IP));
        int miss = a.jcc(NE);
        int hit = a.size;
        a.load(4, T2, Rm.gs(T1, Area.JUMP_EXEC));
        a.load(4, T2, Rm.gs(T2, to.mode.exec()));
        a.alu(CMP, 4, T2, Rm.gs(T1, Area.JUMP_COOKIE));
        int stale = a.jcc(NE);
        a.jmpRm(Rm.gs(T1, Area.JUMP_HOST));
        a.bind(miss);
        toStub(a.call(), cache.stubs().findJump());
        a.bindTo(a.jcc(E), hit);
        int unknown = a.jmp();
        a.bind(stale);
        a.load(4, T2, Rm.gs(T1, Area.JUMP_COOKIE));
        toStub(a.call(), cache.stubs().fetch(to.mode));
        a.bindTo(a.jcc(AE), hit);
        a.bind(unknown);
        leave(Exit.TRANSITION);
    }

    private void leave(int kind) {
        a.movImm(T2, Exit.info(kind, translation, index) & 0xffff_ffffL);
        toStub(a.jmp(), cache.stubs().exit());
    }

    private void toStub(int at, long host) {
        a.patch32(at, (int) (host - (origin + at + 4)));
    }

    private long end() {
        slow.forEach(a::bind);
        leave(slowExit);
        return cache.add(a) ? origin : 0;
    }
}
