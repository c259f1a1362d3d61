package trivium.x86.decode;

/**
 * One decoded instruction. Registers are numbers with REX bits applied; {@link #NO_REGISTER} (the
 * always-zero element of the register file) stands for an absent base or index.
 */
public final class Instruction {
    public static final int NO_REGISTER = 16;

    /** Values of {@link #rep}. */
    public static final int NO_REP = 0, REPNE = 0xf2, REP = 0xf3;

    /** Null: no such instruction on this CPU, #UD. */
    public Row row;

    /** In bytes, prefixes included. */
    public int length;

    /** Offset of the instruction in its code segment; set by whoever knows it. */
    public long ip;

    /** Code size: 16, 32 or 64. */
    public int mode;

    /** Effective operand and address size in bytes: 2, 4 or 8. */
    public int operandSize, addressSize;

    public boolean lock;
    public int rep;
    public boolean operandSizePrefix;

    /** The REX byte, or 0. */
    public int rex;

    /** The segment of the memory operand (VcpuState numbering), override or default. */
    public int segment;

    public boolean segmentOverride;

    public int opcode;

    /** The ModR/M byte as it is, and its fields; {@code reg} and {@code rm} with REX applied. */
    public int modRm, mod, reg, rm;

    /** Memory operand: base + (index << scale) + displacement, truncated to the address size. */
    public int base = NO_REGISTER, index = NO_REGISTER, scale;

    public long displacement;
    public boolean ripRelative;

    /** Sign-extended immediate; the second one (ENTER, far pointer's selector) zero-extended. */
    public long imm, imm2;

    /** Whether {@link #imm} may change in memory, and is to be read there when this runs. */
    public boolean patched;

    public Mnemonic mnemonic() {
        return row.mnemonic;
    }

    public boolean isRegisterForm() {
        return mod == 3;
    }

    /** Bytes of operand {@code i}. */
    public int bytes(int i) {
        return row.operands[i].bytes(operandSize);
    }

    public Operand operand(int i) {
        return row.operands[i];
    }

    /**
     * The number of the general register that operand {@code i} is, as encoded: 4 to 7 may be AH to
     * BH.
     */
    public int register(int i) {
        return switch (operand(i).place) {
            case REG -> reg;
            case RM -> rm;
            case OPCODE -> opcode & 7 | (rex & 1) << 3;
            case ACCUMULATOR -> 0;
            case COUNT -> 1;
            case PORT -> 2;
            default -> throw new AssertionError(operand(i));
        };
    }

    /** Whether operand {@code i} is AH, CH, DH or BH. */
    public boolean isHighByte(int i) {
        Operand operand = operand(i);
        if (rex != 0 || operand.size != 1 || operand == Operand.RdMb) {
            return false;
        }
        return switch (operand.place) {
            case REG, OPCODE -> (register(i) & ~3) == 4;
            case RM -> isRegisterForm() && (rm & ~3) == 4;
            default -> false;
        };
    }

    /** The number of the general register that operand {@code i} is, or is a byte of. */
    public int wholeRegister(int i) {
        return isHighByte(i) ? register(i) - 4 : register(i);
    }

    /** Whether all is equal, address included. */
    public boolean same(Instruction o) {
        return row == o.row
                && length == o.length
                && ip == o.ip
                && mode == o.mode
                && operandSize == o.operandSize
                && addressSize == o.addressSize
                && lock == o.lock
                && rep == o.rep
                && operandSizePrefix == o.operandSizePrefix
                && rex == o.rex
                && segment == o.segment
                && segmentOverride == o.segmentOverride
                && opcode == o.opcode
                && sameOperands(o);
    }

    private boolean sameOperands(Instruction o) {
        return modRm == o.modRm
                && mod == o.mod
                && reg == o.reg
                && rm == o.rm
                && base == o.base
                && index == o.index
                && scale == o.scale
                && displacement == o.displacement
                && ripRelative == o.ripRelative
                && imm == o.imm
                && imm2 == o.imm2
                && patched == o.patched;
    }
}
