package trivium.x86.decode;

import java.util.List;

/**
 * One row of the opcode table. {@code opcode} is 0x00-0xFF, 0x0F00-0x0FFF, 0x0F3800-0x0F38FF or
 * 0x0F3A00-0x0F3AFF. Built once by {@link OpcodeTable}'s {@code insn(…)}; immutable afterwards.
 */
public final class Row {
    /** Checks and properties that hold for the whole row. */
    public enum Attribute {
        /** LOCK is allowed with a memory destination. */
        LOCKABLE,
        /** #UD in 64-bit mode. */
        NOT_64,
        /** #UD outside 64-bit mode. */
        ONLY_64,
        /** Operand size is 64 bits in 64-bit mode, 16 with 66. */
        DEFAULT_64,
        /** Operand size is 64 bits in 64-bit mode whatever the prefixes. */
        FORCE_64,
        /**
         * Changes the flow or the mode, or must be followed by an interrupt check: ends a block.
         */
        ENDS_BLOCK,
        /** #GP(0) if CPL is not 0. */
        PRIVILEGED,
        /** #UD in real and virtual-8086 mode. */
        PROTECTED_ONLY
    }

    /** Values of {@link #prefix}. */
    public static final int ANY = -1, NONE = 0;

    final int opcode;
    final Mnemonic mnemonic;
    private final List<Operand> list;

    /** Not to be changed. */
    final Operand[] operands;

    /** Bit n: the attribute with this ordinal. */
    private int attributes;

    int extension = ANY;
    int rm = ANY;
    int mod = ANY;
    int prefix = ANY;
    Feature feature;

    Row(int opcode, Mnemonic mnemonic, Operand... operands) {
        this.opcode = opcode;
        this.mnemonic = mnemonic;
        this.operands = operands;
        list = List.of(operands);
    }

    public Row with(Attribute... more) {
        for (Attribute attribute : more) {
            attributes |= 1 << attribute.ordinal();
        }
        return this;
    }

    /** ModR/M reg is an opcode extension: /n. */
    public Row ext(int n) {
        extension = n;
        return this;
    }

    /** Register form only (mod 3), with any rm. */
    public Row reg() {
        mod = 3;
        return this;
    }

    /** Register form only, with this rm. */
    public Row reg(int rm) {
        mod = 3;
        this.rm = rm;
        return this;
    }

    /** Memory form only. */
    public Row mem() {
        mod = 0;
        return this;
    }

    /** Mandatory prefix 0x66, 0xF2, 0xF3, or {@link #NONE} of these. */
    public Row pfx(int mandatory) {
        prefix = mandatory;
        return this;
    }

    /** Exists only on CPUs with this feature. */
    public Row on(Feature needed) {
        feature = needed;
        return this;
    }

    public int opcode() {
        return opcode;
    }

    public Mnemonic mnemonic() {
        return mnemonic;
    }

    public List<Operand> operands() {
        return list;
    }

    public boolean is(Attribute attribute) {
        return (attributes & 1 << attribute.ordinal()) != 0;
    }

    public int extension() {
        return extension;
    }

    /** The value of ModR/M rm that the row asks for, or {@link #ANY}. */
    public int rm() {
        return rm;
    }

    /** 3 for the register form only, 0 for the memory form only, or {@link #ANY}. */
    public int mod() {
        return mod;
    }

    /** What a CPU must have for this row to exist, or null. */
    public Feature feature() {
        return feature;
    }

    /** The mandatory prefix, {@link #NONE}, or {@link #ANY}. */
    public int prefix() {
        return prefix;
    }

    @Override
    public String toString() {
        return "%X %s %s".formatted(opcode, mnemonic, list);
    }
}
