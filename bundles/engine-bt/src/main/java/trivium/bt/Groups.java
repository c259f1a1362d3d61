package trivium.bt;

import static trivium.cpu.VcpuState.FS;
import static trivium.cpu.VcpuState.RAX;
import static trivium.cpu.VcpuState.RBP;
import static trivium.cpu.VcpuState.RCX;
import static trivium.cpu.VcpuState.RDX;
import static trivium.cpu.VcpuState.RSP;
import static trivium.cpu.VcpuState.SS;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import trivium.x86.decode.Instruction;
import trivium.x86.decode.Mnemonic;
import trivium.x86.decode.Operand.Place;

/**
 * The memory accesses of a block that lie near each other, since they go by one base register that
 * in between changes by known amounts: stack frames, structures. A group is looked up in the TLB
 * once, at its first access, for all its bytes; the others then cost nothing. If that look-up
 * fails, the block goes on in its plain translation, which has no groups.
 */
final class Groups {
    /** Accesses of one base register in one page. */
    static final class Group {
        /** Guest register; its host register does not change while the group lasts. */
        final int base;

        /** From this offset to before that, relative to the base at the first access. */
        int low = Integer.MAX_VALUE, high = Integer.MIN_VALUE;

        boolean write;

        /** The host register with what is to be added to linear addresses. */
        int register;

        /** Whether the look-up was emitted. */
        boolean entered;

        private final int firstDelta, first;
        private int last, accesses;

        private Group(int base, int delta, int first) {
            this.base = base;
            firstDelta = delta;
            this.first = first;
        }

        private void add(int index, int from, int size, boolean write) {
            low = Math.min(low, from - firstDelta);
            high = Math.max(high, from - firstDelta + size);
            this.write |= write;
            last = index;
            accesses++;
        }
    }

    private static final int MAX_SPAN = 1024;

    /** What an instruction does to a register that cannot be followed. */
    private static final int ALL = 0xffff;

    private static final int[] LEGACY = {Asm.R8, Asm.R9, Asm.R10};
    private static final int[] LONG = {Asm.R10};

    private static final Group[] NONE = new Group[0];

    private final int instructions;
    private Group[] memory = NONE, stack = NONE;

    /** How far the base was from where it is at the group's first access. */
    private int[] memoryMoved, stackMoved;

    // While analysing: the group of each base register, and how far the register moved.
    private final Group[] open = new Group[16];
    private final int[] delta = new int[16];

    private Groups(int instructions) {
        this.instructions = instructions;
    }

    /** No groups. */
    static Groups none(List<Instruction> list) {
        return new Groups(list.size());
    }

    /** The groups of a block, of which there may be none. */
    static Groups of(List<Instruction> list, Mode mode) {
        Groups groups = new Groups(list.size());
        if (mode.codeSize() != 16) {
            groups.analyze(list, mode);
        }
        return groups;
    }

    int instructions() {
        return instructions;
    }

    boolean any() {
        return memory != NONE;
    }

    /** The group of an instruction's memory operand, or null. */
    Group memory(int index) {
        return memory == NONE ? null : memory[index];
    }

    /** The group of what an instruction pushes or pops, or null. */
    Group stack(int index) {
        return stack == NONE ? null : stack[index];
    }

    int memoryMoved(int index) {
        return memoryMoved[index];
    }

    int stackMoved(int index) {
        return stackMoved[index];
    }

    private void analyze(List<Instruction> list, Mode mode) {
        Group[] operands = new Group[instructions];
        Group[] tops = new Group[instructions];
        memoryMoved = new int[instructions];
        stackMoved = new int[instructions];
        List<Group> all = new ArrayList<>();
        int natural = mode.codeSize() / 8;
        for (int i = 0; i < instructions; i++) {
            Instruction in = list.get(i);
            if (in.row == null) {
                break;
            }
            int size = operandBytes(in);
            if (size > 0 && groupable(in, mode, natural)) {
                operands[i] = access(all, i, in.base, (int) in.displacement, size, writes(in));
                memoryMoved[i] = delta[in.base] - operands[i].firstDelta;
            }
            int pushed = pushed(in, mode);
            if (pushed != 0) {
                int from = pushed > 0 ? 0 : pushed;
                tops[i] = access(all, i, RSP, from, Math.abs(pushed), pushed < 0);
                stackMoved[i] = delta[RSP] - tops[i].firstDelta;
            }
            move(in, mode, natural);
            if (in.mnemonic() == Mnemonic.INVLPG) {
                Arrays.fill(open, null);
            }
        }
        all.removeIf(g -> g.accesses < 2);
        if (allocate(all, mode.is64() ? LONG : LEGACY)) {
            memory = chosen(operands);
            stack = chosen(tops);
        }
    }

    private Group access(
            List<Group> all, int index, int base, int offset, int size, boolean write) {
        int from = offset + delta[base];
        Group group = open[base];
        if (group != null) {
            int low = Math.min(group.low, from - group.firstDelta);
            int high = Math.max(group.high, from - group.firstDelta + size);
            if (high - low > MAX_SPAN) {
                group = null;
            }
        }
        if (group == null) {
            group = new Group(base, delta[base], index);
            all.add(group);
            open[base] = group;
        }
        group.add(index, from, size, write);
        return group;
    }

    /** Gives the groups their host registers. @return whether any has one */
    private static boolean allocate(List<Group> groups, int[] registers) {
        int[] freeFrom = new int[registers.length];
        boolean any = false;
        for (Group group : groups) {
            for (int r = 0; r < registers.length && group.register == 0; r++) {
                if (freeFrom[r] <= group.first) {
                    group.register = registers[r];
                    freeFrom[r] = group.last + 1;
                    any = true;
                }
            }
        }
        return any;
    }

    private static Group[] chosen(Group[] groups) {
        Group[] chosen = groups.clone();
        for (int i = 0; i < chosen.length; i++) {
            if (chosen[i] != null && chosen[i].register == 0) {
                chosen[i] = null;
            }
        }
        return chosen;
    }

    private static boolean groupable(Instruction in, Mode mode, int natural) {
        return in.base != Instruction.NO_REGISTER
                && in.index == Instruction.NO_REGISTER
                && !in.ripRelative
                && in.addressSize == natural
                && Gen.canonical(in.base) >= 0
                && Math.abs(in.displacement) < 1 << 24
                && flat(mode, in.segment);
    }

    private static boolean flat(Mode mode, int segment) {
        return mode.is64() ? segment < FS : mode.flat(segment);
    }

    /** Bytes of a memory operand that {@link Gen#operand} reaches, or 0. */
    private static int operandBytes(Instruction in) {
        if (in.isRegisterForm()) {
            return 0;
        }
        if (Fp.concerns(in)) {
            return Fp.memoryBytes(in);
        }
        return switch (in.mnemonic()) {
            case ADD,
                    OR,
                    ADC,
                    SBB,
                    AND,
                    SUB,
                    XOR,
                    CMP,
                    TEST,
                    INC,
                    DEC,
                    NEG,
                    NOT,
                    MOV,
                    XCHG,
                    ROL,
                    ROR,
                    RCL,
                    RCR,
                    SHL,
                    SHR,
                    SAR,
                    MUL,
                    DIV,
                    IDIV ->
                    modRmOperand(in, 0) ? in.bytes(0) : modRmOperand(in, 1) ? in.bytes(1) : 0;
            case MOVZX, MOVSX, MOVSXD -> in.bytes(1);
            case IMUL -> in.row.operands().size() == 1 ? in.bytes(0) : in.bytes(1);
            case PUSH -> modRmOperand(in, 0) ? in.operandSize : 0;
            case JMP_NEAR, CALL_NEAR -> in.operandSize;
            default -> {
                int cc = Conditions.of(in.mnemonic());
                yield cc < 0 || in.operand(0).place() == Place.RELATIVE
                        ? 0
                        : in.row.operands().size() == 1 ? 1 : in.operandSize;
            }
        };
    }

    private static boolean modRmOperand(Instruction in, int i) {
        return i < in.row.operands().size() && in.operand(i).place() == Place.RM;
    }

    private static boolean writes(Instruction in) {
        if (Fp.concerns(in)) {
            return Fp.writesMemory(in);
        }
        return modRmOperand(in, 0)
                && switch (in.mnemonic()) {
                    case CMP, TEST, MUL, IMUL, DIV, IDIV, PUSH, JMP_NEAR, CALL_NEAR -> false;
                    default -> true;
                };
    }

    /** Bytes pushed (negative) or popped through {@link Gen#stackOperand}, or 0. */
    private static int pushed(Instruction in, Mode mode) {
        boolean full = mode.stackMask() != 0xffffL && flat(mode, SS);
        if (!full) {
            return 0;
        }
        return switch (in.mnemonic()) {
            case PUSH -> in.operand(0).place() == Place.FIXED_SEGMENT ? 0 : -in.operandSize;
            case POP ->
                    in.operand(0).place() == Place.FIXED_SEGMENT || modRmOperand(in, 0)
                            ? 0
                            : in.operandSize;
            case CALL, CALL_NEAR -> -in.operandSize;
            case RET -> in.operandSize;
            default -> 0;
        };
    }

    /** Follows the base registers over an instruction. */
    private void move(Instruction in, Mode mode, int natural) {
        int pushed = pushed(in, mode);
        int changed = changed(in);
        if (pushed != 0 && (changed & 1 << RSP) == 0) {
            delta[RSP] += pushed;
        }
        int d = destination(in);
        if (d >= 0 && d < 16) {
            Integer step = step(in, d, natural);
            if (step != null) {
                delta[d] += step;
                changed &= ~(1 << d);
            }
        }
        for (int r = 0; r < 16; r++) {
            if ((changed & 1 << r) != 0) {
                open[r] = null;
                delta[r] = 0;
            }
        }
    }

    /** By how much an instruction moves its destination, or null if that is not known. */
    private static Integer step(Instruction in, int d, int natural) {
        if (in.operandSize != natural || in.bytes(0) != natural) {
            return null;
        }
        boolean imm = in.row.operands().size() == 2 && in.operand(1).place() == Place.IMM;
        long step =
                switch (in.mnemonic()) {
                    case ADD -> imm ? in.imm : Long.MAX_VALUE;
                    case SUB -> imm ? -in.imm : Long.MAX_VALUE;
                    case INC -> 1;
                    case DEC -> -1;
                    case LEA ->
                            in.base == d
                                            && in.index == Instruction.NO_REGISTER
                                            && in.addressSize == natural
                                    ? in.displacement
                                    : Long.MAX_VALUE;
                    default -> Long.MAX_VALUE;
                };
        return Math.abs(step) < 1 << 20 ? (Integer) (int) step : null;
    }

    /** The general register that is the first operand, whole, or -1. */
    private static int destination(Instruction in) {
        if (in.row.operands().isEmpty() || in.bytes(0) == 1) {
            return -1;
        }
        return switch (in.operand(0).place()) {
            case RM -> in.isRegisterForm() ? in.rm : -1;
            case REG, OPCODE, ACCUMULATOR -> in.register(0);
            default -> -1;
        };
    }

    /** Whether it is known what registers an instruction changes. */
    static boolean followed(Instruction in) {
        return changed(in) != ALL;
    }

    /** The general registers that an instruction may change, pushes and pops apart. */
    private static int changed(Instruction in) {
        if (Fp.concerns(in)) {
            int register = Fp.changedRegister(in);
            return !Fp.known(in) ? ALL : register < 0 ? 0 : 1 << register;
        }
        return switch (in.mnemonic()) {
            case PUSH -> in.operand(0).place() == Place.FIXED_SEGMENT ? 1 << RSP : 0;
            case CMP,
                    TEST,
                    NOP,
                    CLC,
                    STC,
                    CMC,
                    CLD,
                    STD,
                    SAHF,
                    BT,
                    CALL,
                    CALL_NEAR,
                    JMP,
                    JMP_NEAR,
                    RET ->
                    0;
            case ADD,
                    OR,
                    ADC,
                    SBB,
                    AND,
                    SUB,
                    XOR,
                    INC,
                    DEC,
                    NEG,
                    NOT,
                    MOV,
                    MOVZX,
                    MOVSX,
                    MOVSXD,
                    LEA,
                    ROL,
                    ROR,
                    RCL,
                    RCR,
                    SHL,
                    SHR,
                    SAR,
                    SHLD,
                    SHRD,
                    BSF,
                    BSR,
                    BTS,
                    BTR,
                    BTC,
                    BSWAP ->
                    first(in);
            case POP -> modRmOperand(in, 0) ? first(in) | 1 << RSP : first(in);
            case IMUL -> in.row.operands().size() == 1 ? 1 << RAX | 1 << RDX : first(in);
            case MUL, DIV, IDIV -> 1 << RAX | 1 << RDX;
            case CBW, LAHF -> 1 << RAX;
            case CWD -> 1 << RDX;
            case LOOP -> 1 << RCX;
            case LEAVE -> 1 << RSP | 1 << RBP;
            case XCHG, XADD -> first(in) | 1 << in.wholeRegister(1);
            case CMPXCHG -> first(in) | 1 << RAX;
            default -> {
                int cc = Conditions.of(in.mnemonic());
                yield cc < 0 ? ALL : in.operand(0).place() == Place.RELATIVE ? 0 : first(in);
            }
        };
    }

    private static int first(Instruction in) {
        return switch (in.operand(0).place()) {
            case RM -> in.isRegisterForm() ? 1 << in.wholeRegister(0) : 0;
            case REG, OPCODE, ACCUMULATOR -> 1 << in.wholeRegister(0);
            case MOFFS -> 0;
            default -> ALL;
        };
    }
}
