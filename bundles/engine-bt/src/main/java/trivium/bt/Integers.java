package trivium.bt;

import static trivium.bt.Asm.*;
import static trivium.bt.Gen.T0;
import static trivium.bt.Gen.T1;
import static trivium.bt.Gen.T2;
import static trivium.cpu.VcpuState.RAX;
import static trivium.cpu.VcpuState.RDX;
import static trivium.cpu.VcpuState.RSP;

import trivium.x86.decode.Instruction;
import trivium.x86.decode.Operand.Place;

/**
 * Host code for integer instructions that do not change the flow. An instruction first does all its
 * memory accesses, any of which may leave the block, and only then changes anything.
 */
final class Integers {
    private static final int LOCK = 0xf0;

    /** CH, in whose register the count is. */
    private static final int HIGH_COUNT = 5;

    private final Gen g;
    private final Asm a;
    private long memory;

    Integers(Gen g) {
        this.g = g;
        a = g.a;
    }

    /**
     * @return false if the interpreter has to do it; nothing was written then
     */
    boolean emit(Instruction in) {
        switch (in.mnemonic()) {
            case ADD -> binary(in, ADD);
            case OR -> binary(in, OR);
            case ADC -> binary(in, ADC);
            case SBB -> binary(in, SBB);
            case AND -> binary(in, AND);
            case SUB -> binary(in, SUB);
            case XOR -> binary(in, XOR);
            case CMP -> binary(in, CMP);
            case TEST -> test(in);
            case INC -> incDec(in, true);
            case DEC -> incDec(in, false);
            case NEG -> negNot(in, NEG);
            case NOT -> negNot(in, NOT);
            case MOV -> mov(in);
            case MOVZX -> extend(in, false);
            case MOVSX -> extend(in, true);
            case MOVSXD -> movsxd(in);
            case LEA -> lea(in);
            case XCHG -> xchg(in);
            case ROL -> {
                return shift(in, ROL);
            }
            case ROR -> {
                return shift(in, ROR);
            }
            case RCL -> {
                return shift(in, RCL);
            }
            case RCR -> {
                return shift(in, RCR);
            }
            case SHL -> {
                return shift(in, SHL);
            }
            case SHR -> {
                return shift(in, SHR);
            }
            case SAR -> {
                return shift(in, SAR);
            }
            case SHLD -> {
                return doubleShift(in, 0x0fa4);
            }
            case SHRD -> {
                return doubleShift(in, 0x0fac);
            }
            case MUL -> {
                return multiply(in, MUL);
            }
            case IMUL -> {
                return imul(in);
            }
            case DIV -> {
                return divide(in);
            }
            case IDIV -> {
                return signedDivide(in);
            }
            case CBW -> convert(in, 0x98, RAX);
            case CWD -> convert(in, 0x99, RDX);
            case PUSH -> {
                return push(in);
            }
            case POP -> {
                return pop(in);
            }
            case BSWAP -> {
                return bswap(in);
            }
            case BT -> bit(in, 4, false);
            case BTS -> bit(in, 5, true);
            case BTR -> bit(in, 6, true);
            case BTC -> bit(in, 7, true);
            case BSF -> scan(in, 0x0fbc);
            case BSR -> scan(in, 0x0fbd);
            case XADD -> {
                return exchangeAdd(in);
            }
            case CMPXCHG -> {
                return compareExchange(in);
            }
            case CMPXCHG8B -> {
                return compareExchange8(in);
            }
            case NOP -> {
                return in.opcode != 0x90 || in.rep == 0;
            }
            case CLC -> carry(0xf8);
            case STC -> carry(0xf9);
            case CMC -> {
                g.flags.require();
                a.u8(0xf5);
                g.flags.produced(null);
            }
            case LAHF -> lahf();
            case SAHF -> {
                g.flags.prepareUpdate(FlagUse.ALL & ~FlagUse.O);
                a.sahf();
                g.flags.produced(null);
            }
            default -> {
                int cc = Conditions.of(in.mnemonic());
                if (cc < 0) {
                    return false;
                }
                return conditional(in, cc);
            }
        }
        return true;
    }

    // ---- operands

    /** Whether operand {@code i} is in memory. */
    static boolean inMemory(Instruction in, int i) {
        return switch (in.operand(i).place()) {
            case RM -> !in.isRegisterForm();
            case MOFFS, MEMORY -> true;
            default -> false;
        };
    }

    /** Exchanges the low two bytes of RAX, RCX, RDX or RBX: no flags change. */
    private void swapBytes(int high) {
        a.high(0x86, high - 4, high);
    }

    /** The same before an access to the memory operand, which may go by that very register. */
    private void swapBytesBeside(int high) {
        if (Rm.base(memory) == high - 4) {
            a.lea(8, T0, memory);
            memory = Rm.mem(T0, 0);
        }
        swapBytes(high);
    }

    /** Reaches the memory operand: {@link #memory} is it then. */
    private void access(Instruction in, int bytes, boolean write) {
        memory = g.operand(in, bytes, write);
    }

    private long memory() {
        return memory;
    }

    // ---- the two-operand group

    private void binary(Instruction in, int op) {
        int bytes = in.bytes(0);
        boolean carry = op == ADC || op == SBB;
        boolean immediate = in.operand(1).place() == Place.IMM;
        if (inMemory(in, 0)) {
            access(in, bytes, op != CMP);
            if (op == CMP && g.flags.seenAfter() != 0 && (immediate || !in.isHighByte(1))) {
                a.load(bytes, T2, memory());
                g.flags.keep(T2);
                FlagSource.Kind kind = FlagSource.Kind.CMP;
                if (immediate) {
                    a.aluImm(CMP, bytes, Rm.reg(T2), (int) in.imm);
                    g.flags.produced(
                            new FlagSource(kind, bytes, FlagSource.KEPT, -1, (int) in.imm));
                } else {
                    a.alu(CMP, bytes, T2, g.rm(in.reg));
                    g.flags.produced(new FlagSource(kind, bytes, FlagSource.KEPT, in.reg, 0));
                }
                return;
            }
            if (carry) {
                g.flags.require();
            }
            if (immediate) {
                lock(in);
                a.aluImm(op, bytes, memory(), (int) in.imm);
            } else if (in.isHighByte(1)) {
                swapBytesBeside(in.reg);
                lock(in);
                a.aluTo(op, 1, memory(), in.reg - 4);
                swapBytes(in.reg);
            } else {
                int s = g.read(in.reg, T1);
                lock(in);
                a.aluTo(op, bytes, memory(), s);
            }
            g.flags.produced(null);
            return;
        }
        int d = in.register(0);
        if (inMemory(in, 1)) {
            access(in, bytes, false);
            if (carry) {
                g.flags.require();
            }
            if (in.isHighByte(0)) {
                swapBytesBeside(d);
                a.alu(op, 1, d - 4, memory());
                swapBytes(d);
                g.flags.produced(null);
            } else {
                FlagSource source = withMemory(op, bytes, d);
                if (source != null && source.b() == FlagSource.KEPT && g.flags.seenAfter() != 0) {
                    a.load(bytes, T2, memory());
                    g.flags.keep(T2);
                    memory = Rm.reg(T2);
                }
                int h = g.read(d, T1);
                a.alu(op, bytes, h, memory());
                if (op != CMP) {
                    g.commit(d, T1);
                }
                g.flags.produced(source);
            }
            return;
        }
        if (carry) {
            g.flags.require();
        }
        if (in.patched) {
            loadImmediate(in, bytes);
            FlagSource source = withMemory(op, bytes, d);
            if (source != null && source.b() == FlagSource.KEPT) {
                g.flags.keep(T2);
            }
            int h = g.read(d, T1);
            a.alu(op, bytes, h, Rm.reg(T2));
            if (op != CMP) {
                g.commit(d, T1);
            }
            g.flags.produced(source);
            return;
        }
        if (in.isHighByte(0) || !immediate && in.isHighByte(1)) {
            if (immediate) {
                a.u8(0x80);
                a.u8(0xc0 | op << 3 | d);
                a.u8((int) in.imm);
            } else {
                a.high(op << 3 | 2, d, in.register(1));
            }
            g.flags.produced(null);
            return;
        }
        int h = g.read(d, T1);
        if (immediate) {
            a.aluImm(op, bytes, Rm.reg(h), (int) in.imm);
        } else {
            a.alu(op, bytes, h, g.rm(in.register(1)));
        }
        if (op != CMP) {
            g.commit(d, T1);
        }
        g.flags.produced(sourceOf(in, op, bytes, d, immediate ? -1 : in.register(1)));
    }

    /** The source of the flags after an operation of register {@code d} with memory. */
    private static FlagSource withMemory(int op, int bytes, int d) {
        return switch (op) {
            case AND, OR, XOR -> test(bytes, d);
            case ADD -> new FlagSource(FlagSource.Kind.ADD, bytes, d, FlagSource.KEPT, 0);
            case SUB -> new FlagSource(FlagSource.Kind.SUB, bytes, d, FlagSource.KEPT, 0);
            case CMP -> new FlagSource(FlagSource.Kind.CMP, bytes, d, FlagSource.KEPT, 0);
            default -> null;
        };
    }

    private static FlagSource test(int bytes, int register) {
        return new FlagSource(FlagSource.Kind.TEST, bytes, register, register, 0);
    }

    private static FlagSource sourceOf(Instruction in, int op, int bytes, int d, int s) {
        int imm = (int) in.imm;
        return switch (op) {
            case CMP -> new FlagSource(FlagSource.Kind.CMP, bytes, d, s, imm);
            case AND, OR, XOR -> test(bytes, d);
            case ADD -> d == s ? null : new FlagSource(FlagSource.Kind.ADD, bytes, d, s, imm);
            case SUB ->
                    d == s ? test(bytes, d) : new FlagSource(FlagSource.Kind.SUB, bytes, d, s, imm);
            default -> null;
        };
    }

    private void lock(Instruction in) {
        if (in.lock) {
            a.u8(LOCK);
        }
    }

    private void test(Instruction in) {
        int bytes = in.bytes(0);
        boolean immediate = in.operand(1).place() == Place.IMM;
        if (inMemory(in, 0)) {
            access(in, bytes, false);
            if (immediate && g.flags.seenAfter() != 0) {
                a.load(bytes, T2, memory());
                g.flags.keep(T2);
                a.testImm(bytes, Rm.reg(T2), (int) in.imm);
                g.flags.produced(
                        new FlagSource(
                                FlagSource.Kind.TEST, bytes, FlagSource.KEPT, -1, (int) in.imm));
                return;
            }
            if (immediate) {
                a.testImm(bytes, memory(), (int) in.imm);
            } else if (in.isHighByte(1)) {
                swapBytesBeside(in.reg);
                a.test(1, memory(), in.reg - 4);
                swapBytes(in.reg);
            } else {
                a.test(bytes, memory(), g.read(in.reg, T1));
            }
            g.flags.produced(null);
            return;
        }
        int d = in.register(0);
        if (in.isHighByte(0) || !immediate && in.isHighByte(1)) {
            if (immediate) {
                a.u8(0xf6);
                a.u8(0xc0 | d);
                a.u8((int) in.imm);
            } else {
                a.high(0x84, in.register(1), d);
            }
            g.flags.produced(null);
            return;
        }
        if (immediate) {
            a.testImm(bytes, g.rm(d), (int) in.imm);
            g.flags.produced(new FlagSource(FlagSource.Kind.TEST, bytes, d, -1, (int) in.imm));
        } else {
            int s = in.register(1);
            a.test(bytes, g.rm(d), g.read(s, T1));
            g.flags.produced(new FlagSource(FlagSource.Kind.TEST, bytes, d, s, 0));
        }
    }

    private void incDec(Instruction in, boolean increment) {
        int bytes = in.bytes(0);
        if (inMemory(in, 0)) {
            access(in, bytes, true);
            g.flags.incDec(
                    increment,
                    bytes,
                    -1,
                    () -> {
                        lock(in);
                        one(increment, bytes, memory());
                    });
            return;
        }
        int d = in.register(0);
        if (in.isHighByte(0)) {
            g.flags.incDec(
                    increment,
                    1,
                    -1,
                    () -> {
                        a.u8(0xfe);
                        a.u8(0xc0 | (increment ? 0 : 8) | d);
                    });
            return;
        }
        g.flags.incDec(
                increment,
                bytes,
                d,
                () -> {
                    int h = g.read(d, T1);
                    one(increment, bytes, Rm.reg(h));
                    g.commit(d, T1);
                });
    }

    private void one(boolean increment, int bytes, long rm) {
        if (increment) {
            a.inc(bytes, rm);
        } else {
            a.dec(bytes, rm);
        }
    }

    private void negNot(Instruction in, int extension) {
        int bytes = in.bytes(0);
        if (inMemory(in, 0)) {
            access(in, bytes, true);
            lock(in);
            a.group3(extension, bytes, memory());
        } else if (in.isHighByte(0)) {
            if (extension == NOT) {
                g.flags.willWrite(in.rm - 4);
            }
            a.u8(0xf6);
            a.u8(0xc0 | extension << 3 | in.rm);
        } else {
            if (extension == NOT) {
                g.flags.willWrite(in.rm);
            }
            int h = g.read(in.rm, T1);
            a.group3(extension, bytes, Rm.reg(h));
            g.commit(in.rm, T1);
        }
        if (extension == NEG) {
            boolean register = !inMemory(in, 0) && !in.isHighByte(0);
            g.flags.produced(
                    register ? new FlagSource(FlagSource.Kind.NEG, bytes, in.rm, -1, 0) : null);
        }
    }

    // ---- moves

    private void mov(Instruction in) {
        int bytes = in.bytes(0);
        Place second = in.operand(1).place();
        if (inMemory(in, 0)) {
            memoryOperand(in, 0, bytes, true);
            if (second == Place.IMM) {
                a.storeImm(bytes, memory(), (int) in.imm);
            } else if (in.isHighByte(1)) {
                swapBytesBeside(in.reg);
                a.store(1, memory(), in.reg - 4);
                swapBytes(in.reg);
            } else {
                a.store(bytes, memory(), g.read(in.register(1), T1));
            }
            return;
        }
        int d = in.register(0);
        boolean high = in.isHighByte(0);
        int written = high ? d - 4 : d;
        if (inMemory(in, 1)) {
            memoryOperand(in, 1, bytes, false);
            g.flags.willWrite(written);
            if (high) {
                swapBytesBeside(d);
                a.load(1, d - 4, memory());
                swapBytes(d);
            } else {
                load(bytes, d, memory());
            }
            return;
        }
        g.flags.willWrite(written);
        if (second == Place.IMM) {
            movImmediate(in, bytes, d, high);
        } else if (high || in.isHighByte(1)) {
            a.high(0x8a, d, in.register(1));
        } else {
            load(bytes, d, g.rm(in.register(1)));
        }
    }

    /** T2 = an immediate as memory has it now; T0 is lost. */
    private void loadImmediate(Instruction in, int bytes) {
        int n = in.bytes(in.row.operands().size() - 1);
        a.movImm(T0, g.codeHost(in.ip + in.length - n));
        long from = Rm.mem(T0, 0);
        if (n == bytes && n != 1) {
            a.load(n, T2, from);
        } else if (n == 4) {
            a.movsxd(T2, from);
        } else {
            a.extend(true, n, Math.max(bytes, 4), T2, from);
        }
    }

    private void movImmediate(Instruction in, int bytes, int d, boolean high) {
        if (in.patched) {
            loadImmediate(in, bytes);
            load(bytes, d, Rm.reg(T2));
            return;
        }
        if (high) {
            a.u8(0xb0 | d);
            a.u8((int) in.imm);
        } else if (bytes >= 4) {
            int h = g.target(d, T1);
            a.movImm(h, bytes == 4 ? in.imm & 0xffff_ffffL : in.imm);
            g.commit(d, T1);
        } else {
            a.storeImm(bytes, g.rm(d), (int) in.imm);
        }
    }

    private void memoryOperand(Instruction in, int i, int bytes, boolean write) {
        if (in.operand(i).place() != Place.MOFFS) {
            access(in, bytes, write);
            return;
        }
        g.flags.clobber();
        a.movImm(T0, in.displacement);
        g.access(in.segment, bytes, write);
        memory = Rm.mem(T0, 0);
    }

    /** Loads a guest register by the rules of each width. */
    private void load(int bytes, int guest, long from) {
        int h = g.host(guest);
        if (h >= 0) {
            a.load(bytes, h, from);
        } else {
            a.load(bytes, T1, from);
            a.store(Math.max(bytes, bytes >= 4 ? 8 : bytes), g.rm(guest), T1);
        }
    }

    private void extend(Instruction in, boolean signed) {
        int bytes = in.operandSize;
        int from = in.bytes(1);
        int d = in.reg;
        if (inMemory(in, 1)) {
            access(in, from, false);
            g.flags.willWrite(d);
            extendInto(signed, from, bytes, d, memory());
            return;
        }
        g.flags.willWrite(d);
        if (!in.isHighByte(1)) {
            extendInto(signed, from, bytes, d, g.rm(in.rm));
        } else if (g.host(d) >= 0 && g.host(d) < 8) {
            if (bytes == 2) {
                a.u8(0x66);
            }
            a.u8(0x0f);
            a.high(signed ? 0xbe : 0xb6, g.host(d), in.rm);
        } else {
            swapBytes(in.rm);
            extendInto(signed, 1, bytes, d, Rm.reg(in.rm - 4));
            swapBytes(in.rm);
        }
    }

    private void extendInto(boolean signed, int from, int bytes, int d, long rm) {
        int h = g.target(d, T1);
        if (bytes == from) {
            load(bytes, d, rm);
        } else {
            a.extend(signed, from, bytes, h, rm);
            if (g.host(d) < 0) {
                a.store(bytes == 2 ? 2 : 8, g.rm(d), T1);
            }
        }
    }

    private void movsxd(Instruction in) {
        int d = in.reg;
        boolean memory = inMemory(in, 1);
        if (memory) {
            access(in, 4, false);
        }
        g.flags.willWrite(d);
        long from = memory ? memory() : g.rm(in.rm);
        if (in.operandSize == 8) {
            a.movsxd(g.target(d, T1), from);
            g.commit(d, T1);
        } else {
            load(in.operandSize, d, from);
        }
    }

    private void lea(Instruction in) {
        int d = in.reg;
        int bytes = in.operandSize;
        g.flags.willWrite(d);
        int h = g.target(d, T1);
        if (bytes >= 4
                && in.addressSize >= bytes
                && !in.ripRelative
                && direct(in.base)
                && direct(in.index)) {
            boolean base = in.base != Instruction.NO_REGISTER;
            boolean index = in.index != Instruction.NO_REGISTER;
            int disp = (int) in.displacement;
            if (base && index) {
                a.lea(bytes, h, Rm.mem(g.host(in.base), g.host(in.index), in.scale, disp));
                g.commit(d, T1);
                return;
            } else if (base) {
                a.lea(bytes, h, Rm.mem(g.host(in.base), disp));
                g.commit(d, T1);
                return;
            } else if (index) {
                a.lea(bytes, h, Rm.indexed(g.host(in.index), in.scale, disp));
                g.commit(d, T1);
                return;
            }
        }
        g.offset(in);
        load(bytes, d, Rm.reg(T0));
    }

    private boolean direct(int register) {
        return register == Instruction.NO_REGISTER || g.host(register) >= 0;
    }

    private void xchg(Instruction in) {
        int bytes = in.bytes(0);
        if (inMemory(in, 0)) {
            access(in, bytes, true);
            boolean high = in.isHighByte(1);
            int s = high ? in.reg - 4 : in.reg;
            g.flags.willWrite(s);
            if (high) {
                swapBytesBeside(in.reg);
            }
            int h = g.read(s, T1);
            a.xchg(bytes, h, memory());
            g.commit(s, T1);
            if (high) {
                swapBytes(in.reg);
            }
            return;
        }
        int d = in.register(0);
        int s = in.register(1);
        if (in.opcode == 0x90 && d == s) {
            return;
        }
        if (in.isHighByte(0) || in.isHighByte(1)) {
            g.flags.willWrite(d & 3);
            g.flags.willWrite(s & 3);
            a.high(0x86, s, d);
            return;
        }
        g.flags.willWrite(d);
        g.flags.willWrite(s);
        int x = g.read(d, T1);
        int y = g.read(s, T0);
        a.xchg(bytes, x, Rm.reg(y));
        g.commit(d, T1);
        g.commit(s, T0);
    }

    private boolean bswap(Instruction in) {
        if (in.operandSize == 2) {
            return false; // undefined
        }
        int d = in.register(0);
        g.flags.willWrite(d);
        a.bswap(in.operandSize, g.read(d, T1));
        g.commit(d, T1);
        return true;
    }

    private void convert(Instruction in, int opcode, int written) {
        g.flags.willWrite(written);
        if (in.operandSize == 2) {
            a.u8(0x66);
        } else if (in.operandSize == 8) {
            a.u8(0x48);
        }
        a.u8(opcode);
    }

    // ---- shifts

    private boolean shift(Instruction in, int kind) {
        int bytes = in.bytes(0);
        int count = FlagUse.constantCount(in);
        boolean high = in.isHighByte(0);
        if (count == 0 || high && count < 0 && in.rm == HIGH_COUNT) {
            return false;
        }
        boolean memory = inMemory(in, 0);
        if (memory) {
            access(in, bytes, true);
        }
        boolean rotate = kind <= RCR;
        if (kind == RCL || kind == RCR || count < 0 && g.flags.seenAfter() != 0) {
            g.flags.require();
        } else if (rotate) {
            g.flags.prepareUpdate(FlagUse.C | FlagUse.O);
        }
        int d = high ? in.rm - 4 : in.rm;
        long rm = memory ? memory() : Rm.reg(g.read(d, T1));
        FlagSource source =
                memory || high || rotate || count < 0 ? null : shifted(kind, bytes, count);
        if (source != null) {
            g.flags.keep(Rm.base(rm));
        }
        if (high) {
            swapBytes(in.rm);
        }
        if (in.patched) {
            loadImmediate(in, 1);
            int kept = T0;
            a.mov(8, kept, RCX);
            a.mov(4, RCX, T2);
            a.shiftCl(kind, bytes, rm);
            a.mov(8, RCX, kept);
        } else if (count < 0) {
            a.shiftCl(kind, bytes, rm);
        } else {
            a.shiftImm(kind, bytes, rm, count);
        }
        if (high) {
            swapBytes(in.rm);
        }
        if (!memory) {
            g.commit(d, T1);
        }
        g.flags.produced(source);
        return true;
    }

    private static FlagSource shifted(int kind, int bytes, int count) {
        FlagSource.Kind how =
                switch (kind) {
                    case SHL -> FlagSource.Kind.SHL;
                    case SHR -> FlagSource.Kind.SHR;
                    default -> FlagSource.Kind.SAR;
                };
        return new FlagSource(how, bytes, FlagSource.KEPT, -1, count);
    }

    private boolean doubleShift(Instruction in, int opcode) {
        int bytes = in.bytes(0);
        int count = FlagUse.constantCount(in);
        if (count == 0 || bytes == 2) {
            return false;
        }
        boolean memory = inMemory(in, 0);
        if (memory) {
            access(in, bytes, true);
        }
        if (count < 0 && g.flags.seenAfter() != 0) {
            g.flags.require();
        }
        long rm = memory ? memory() : Rm.reg(g.read(in.rm, T1));
        int s = g.read(in.reg, T2);
        if (count < 0) {
            a.op2(opcode + 1, bytes, s, rm);
        } else {
            a.op2(opcode, bytes, s, rm);
            a.u8(count);
        }
        if (!memory) {
            g.commit(in.rm, T1);
        }
        g.flags.produced(null);
        return true;
    }

    // ---- multiplication and division

    private boolean multiply(Instruction in, int extension) {
        if (in.isHighByte(0)) {
            return false;
        }
        int bytes = in.bytes(0);
        boolean memory = inMemory(in, 0);
        if (memory) {
            access(in, bytes, false);
        }
        a.group3(extension, bytes, memory ? memory() : g.rm(in.rm));
        g.flags.produced(null);
        return true;
    }

    private boolean imul(Instruction in) {
        if (in.row.operands().size() == 1) {
            return multiply(in, IMUL);
        }
        int bytes = in.bytes(0);
        boolean memory = inMemory(in, 1);
        if (memory) {
            access(in, bytes, false);
        }
        long rm = memory ? memory() : g.rm(in.rm);
        int d = in.reg;
        FlagSource source = null;
        if (in.patched) {
            loadImmediate(in, bytes);
            a.op2(0x0faf, bytes, T2, rm);
            load(bytes, d, Rm.reg(T2));
            g.flags.produced(null);
            return true;
        }
        if (in.row.operands().size() == 3) {
            int h = bytes == 2 ? g.read(d, T1) : g.target(d, T1);
            if (!memory && in.rm != d) {
                source = new FlagSource(FlagSource.Kind.IMUL, bytes, in.rm, -1, (int) in.imm);
            }
            a.imul3(bytes, h, rm, (int) in.imm);
        } else {
            int h = g.read(d, T1);
            if (!memory && in.rm != d) {
                g.flags.keep(h);
                source = new FlagSource(FlagSource.Kind.IMUL, bytes, FlagSource.KEPT, in.rm, 0);
            }
            a.op2(0x0faf, bytes, h, rm);
        }
        g.commit(d, T1);
        g.flags.produced(source);
        return true;
    }

    /** The divisor in T1, with the flags out of the way. */
    private void divisor(Instruction in, int bytes) {
        g.flags.clobberBut(RAX, RDX);
        if (inMemory(in, 0)) {
            access(in, bytes, false);
            a.load(bytes, T1, memory());
        } else {
            a.load(bytes, T1, g.rm(in.rm));
        }
    }

    private boolean divide(Instruction in) {
        int bytes = in.bytes(0);
        if (in.isHighByte(0)) {
            return false;
        }
        divisor(in, bytes);
        // The quotient fits if the upper half is below the divisor, which then is not 0.
        if (bytes == 1) {
            a.mov(4, T2, RAX);
            a.shiftImm(SHR, 4, Rm.reg(T2), 8);
            a.alu(CMP, 1, T2, Rm.reg(T1));
        } else {
            a.alu(CMP, bytes, RDX, Rm.reg(T1));
        }
        g.cold(a.jcc(AE), Exit.ONE);
        a.group3(DIV, bytes, Rm.reg(T1));
        return true;
    }

    private boolean signedDivide(Instruction in) {
        int bytes = in.bytes(0);
        if (bytes < 2) {
            return false;
        }
        divisor(in, bytes);
        // Only dividends that are a sign-extended half, by neither 0 nor -1: these always fit.
        a.mov(bytes, T2, RAX);
        a.shiftImm(SAR, bytes, Rm.reg(T2), bytes * 8 - 1);
        a.alu(CMP, bytes, T2, Rm.reg(RDX));
        g.cold(a.jcc(NE), Exit.ONE);
        a.lea(bytes, T2, Rm.mem(T1, 1));
        a.aluImm(CMP, bytes, Rm.reg(T2), 1);
        g.cold(a.jcc(6), Exit.ONE);
        a.group3(IDIV, bytes, Rm.reg(T1));
        return true;
    }

    // ---- stack

    private boolean push(Instruction in) {
        int n = in.operandSize;
        Place place = in.operand(0).place();
        boolean memory = inMemory(in, 0);
        if (place == Place.FIXED_SEGMENT) {
            return false;
        }
        if (memory) {
            access(in, n, false);
            a.load(n, T1, memory());
            a.store(8, Rm.gs(Area.SCRATCH), T1);
        }
        this.memory = g.stackOperand(-n, n, true);
        if (memory) {
            a.load(8, T1, Rm.gs(Area.SCRATCH));
            a.store(n, memory(), T1);
        } else if (place == Place.IMM) {
            a.storeImm(n, memory(), (int) in.imm);
        } else {
            a.store(n, memory(), g.read(in.register(0), T1));
        }
        g.moveStack(-n);
        return true;
    }

    private boolean pop(Instruction in) {
        int n = in.operandSize;
        if (inMemory(in, 0) || in.operand(0).place() == Place.FIXED_SEGMENT) {
            return false;
        }
        int d = in.register(0);
        memory = g.stackOperand(0, n, false);
        if (d == RSP) {
            a.load(n, T1, memory());
            g.moveStack(n);
            load(n, RSP, Rm.reg(T1));
        } else {
            g.flags.willWrite(d);
            load(n, d, memory());
            g.moveStack(n);
        }
        return true;
    }

    // ---- bits

    private void bit(Instruction in, int extension, boolean write) {
        int bytes = in.bytes(0);
        boolean immediate = in.operand(1).place() == Place.IMM;
        int opcode = 0x0f83 | extension << 3; // 0FA3, 0FAB, 0FB3, 0FBB
        if (inMemory(in, 0)) {
            bitOfMemory(in, extension, write, bytes, immediate, opcode);
            return;
        }
        g.flags.prepareUpdate(FlagUse.C);
        int h = g.read(in.rm, T1);
        if (immediate) {
            a.op2(0x0fba, bytes, extension, Rm.reg(h));
            a.u8((int) in.imm);
        } else {
            a.op2(opcode, bytes, g.read(in.reg, T2), Rm.reg(h));
        }
        if (write) {
            g.commit(in.rm, T1);
        }
        g.flags.produced(null);
    }

    private void bitOfMemory(
            Instruction in,
            int extension,
            boolean write,
            int bytes,
            boolean immediate,
            int opcode) {
        g.flags.clobber();
        g.offset(in);
        if (immediate) {
            g.access(in.segment, bytes, write);
            memory = Rm.mem(T0, 0);
            g.flags.prepareUpdate(FlagUse.C);
            lock(in);
            a.op2(0x0fba, bytes, extension, memory());
            a.u8((int) in.imm & bytes * 8 - 1);
        } else {
            // The bit's place may be anywhere: first to its word, then to the bit in it.
            a.load(8, T1, g.rm(in.reg));
            if (bytes == 4) {
                a.movsxd(T1, Rm.reg(T1));
            } else if (bytes == 2) {
                a.extend(true, 2, 8, T1, Rm.reg(T1));
            }
            int log = bytes == 8 ? 3 : bytes == 4 ? 2 : 1;
            a.shiftImm(SAR, 8, Rm.reg(T1), log + 3);
            a.lea(in.addressSize == 8 ? 8 : 4, T0, Rm.mem(T0, T1, log, 0));
            if (in.addressSize == 2) {
                a.extend(false, 2, 4, T0, Rm.reg(T0));
            }
            g.access(in.segment, bytes, write);
            memory = Rm.mem(T0, 0);
            a.load(8, T1, g.rm(in.reg));
            a.aluImm(AND, 4, Rm.reg(T1), bytes * 8 - 1);
            g.flags.prepareUpdate(FlagUse.C);
            lock(in);
            a.op2(opcode, bytes, T1, memory());
        }
        g.flags.produced(null);
    }

    private void scan(Instruction in, int opcode) {
        int bytes = in.bytes(0);
        boolean memory = inMemory(in, 1);
        if (memory) {
            access(in, bytes, false);
        }
        int h = g.read(in.reg, T1);
        a.op2(opcode, bytes, h, memory ? memory() : g.rm(in.rm));
        g.commit(in.reg, T1);
        g.flags.produced(null);
    }

    // ---- exchanges

    private boolean exchangeAdd(Instruction in) {
        int bytes = in.bytes(0);
        if (in.isHighByte(0) || in.isHighByte(1)) {
            return false;
        }
        boolean memory = inMemory(in, 0);
        if (memory) {
            access(in, bytes, true);
        }
        int s = g.read(in.reg, T1);
        if (memory) {
            lock(in);
            a.op(0x0fc1, bytes, s, memory());
        } else {
            int d = g.read(in.rm, T0);
            a.op(0x0fc1, bytes, s, Rm.reg(d));
            // Into the same register goes the sum.
            g.commit(in.reg, T1);
            if (in.rm != in.reg) {
                g.commit(in.rm, T0);
            } else if (g.host(in.rm) < 0) {
                a.store(8, g.rm(in.rm), T0);
            }
            g.flags.produced(null);
            return true;
        }
        g.commit(in.reg, T1);
        g.flags.produced(null);
        return true;
    }

    private boolean compareExchange(Instruction in) {
        int bytes = in.bytes(0);
        if (in.isHighByte(0) || in.isHighByte(1)) {
            return false;
        }
        if (inMemory(in, 0)) {
            access(in, bytes, true);
            int s = g.read(in.reg, T1);
            lock(in);
            a.op(0x0fb1, bytes, s, memory());
        } else {
            int s = g.read(in.reg, T1);
            int d = g.read(in.rm, T0);
            a.op(0x0fb1, bytes, s, Rm.reg(d));
            g.commit(in.rm, T0);
        }
        g.flags.produced(null);
        return true;
    }

    private boolean compareExchange8(Instruction in) {
        if (!inMemory(in, 0)) {
            return false;
        }
        boolean wide = in.operandSize == 8;
        if (wide) {
            g.checkAligned(in);
        }
        access(in, wide ? 16 : 8, true);
        g.flags.prepareUpdate(FlagUse.Z);
        lock(in);
        a.sse(0, 0x0fc7, wide, 1, memory());
        g.flags.produced(null);
        return true;
    }

    // ---- flags

    private void carry(int opcode) {
        g.flags.prepareUpdate(FlagUse.C);
        a.u8(opcode);
        g.flags.produced(null);
    }

    private void lahf() {
        g.flags.require();
        g.flags.willWrite(RAX);
        a.lahf();
    }

    private boolean conditional(Instruction in, int cc) {
        return switch (in.row.operands().size()) {
            case 1 -> {
                if (in.operand(0).place() == Place.RELATIVE) {
                    yield false;
                }
                set(in, cc);
                yield true;
            }
            default -> {
                move(in, cc);
                yield true;
            }
        };
    }

    private void set(Instruction in, int cc) {
        boolean memory = inMemory(in, 0);
        if (memory) {
            access(in, 1, true);
        }
        g.flags.require(FlagUse.condition(cc));
        if (memory) {
            a.setcc(cc, memory());
        } else if (in.isHighByte(0)) {
            g.flags.willWrite(in.rm - 4);
            a.u8(0x0f);
            a.u8(0x90 | cc);
            a.u8(0xc0 | in.rm);
        } else {
            g.flags.willWrite(in.rm);
            a.setcc(cc, g.rm(in.rm));
        }
    }

    private void move(Instruction in, int cc) {
        int bytes = in.operandSize;
        boolean memory = inMemory(in, 1);
        if (memory) {
            access(in, bytes, false);
        }
        g.flags.require(FlagUse.condition(cc));
        g.flags.willWrite(in.reg);
        int h = g.read(in.reg, T1);
        a.cmov(cc, bytes, h, memory ? memory() : g.rm(in.rm));
        g.commit(in.reg, T1);
    }
}
