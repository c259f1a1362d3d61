package trivium.bt;

import java.util.Arrays;

/**
 * A small assembler for x86-64 host code (SDM Vol. 2). Sizes are operand sizes in bytes. Writes to
 * a buffer; addresses are offsets in it until the code is placed.
 */
final class Asm {
    static final int RAX = 0, RCX = 1, RDX = 2, RBX = 3, RSP = 4, RBP = 5, RSI = 6, RDI = 7;
    static final int R8 = 8, R9 = 9, R10 = 10, R11 = 11, R12 = 12, R13 = 13, R14 = 14, R15 = 15;

    /** The ALU group, in its opcodes' order. */
    static final int ADD = 0, OR = 1, ADC = 2, SBB = 3, AND = 4, SUB = 5, XOR = 6, CMP = 7;

    /** The shift group. */
    static final int ROL = 0, ROR = 1, RCL = 2, RCR = 3, SHL = 4, SHR = 5, SAR = 7;

    /** Condition codes. */
    static final int O = 0, B = 2, AE = 3, E = 4, NE = 5, A = 7, S = 8, L = 12, G = 15;

    /** Group 3. */
    static final int TEST = 0, NOT = 2, NEG = 3, MUL = 4, IMUL = 5, DIV = 6, IDIV = 7;

    /** Told before an instruction is written that accesses the window. */
    Runnable windowAccess = () -> {};

    byte[] code = new byte[4096];
    int size;

    void reset() {
        size = 0;
    }

    void u8(int value) {
        if (size == code.length) {
            code = Arrays.copyOf(code, 2 * size);
        }
        code[size++] = (byte) value;
    }

    void u16(int value) {
        u8(value);
        u8(value >>> 8);
    }

    void u32(int value) {
        u16(value);
        u16(value >>> 16);
    }

    void u64(long value) {
        u32((int) value);
        u32((int) (value >>> 32));
    }

    /** Puts a 32-bit displacement into code that was already written. */
    void patch32(int at, int value) {
        for (int i = 0; i < 4; i++) {
            code[at + i] = (byte) (value >>> 8 * i);
        }
    }

    // ---- encoding

    /**
     * @param opcode one to three bytes, the first in the highest place: 0x8B, 0x0FAF, 0x0F38F0
     * @param prefix mandatory or operand-size prefix, or 0
     * @param byteReg whether that is a byte register (SPL, BPL, SIL, DIL need a REX)
     * @param byteRm the same of {@code rm}
     */
    private void encode(
            int prefix,
            boolean wide,
            int opcode,
            int reg,
            long rm,
            boolean byteReg,
            boolean byteRm) {
        if (Rm.isWindow(rm)) {
            windowAccess.run();
            u8(0x67); // a 32-bit address
        }
        if (Rm.isGs(rm)) {
            u8(0x65);
        }
        if (prefix != 0) {
            u8(prefix);
        }
        int rex = (wide ? 8 : 0) | (reg & 8) >> 1;
        boolean needed = byteReg && reg >= 4 && reg < 8;
        if (Rm.isReg(rm)) {
            rex |= Rm.base(rm) >> 3;
            needed |= byteRm && Rm.base(rm) >= 4 && Rm.base(rm) < 8;
        } else {
            if (Rm.hasBase(rm)) {
                rex |= Rm.base(rm) >> 3;
            }
            if (Rm.hasIndex(rm)) {
                rex |= (Rm.index(rm) >> 3) << 1;
            }
        }
        if (rex != 0 || needed) {
            u8(0x40 | rex);
        }
        if (opcode > 0xffff) {
            u8(opcode >>> 16);
        }
        if (opcode > 0xff) {
            u8(opcode >>> 8);
        }
        u8(opcode);
        modRm(reg & 7, rm);
    }

    private void modRm(int reg, long rm) {
        int field = reg << 3;
        if (Rm.isReg(rm)) {
            u8(0xc0 | field | Rm.base(rm) & 7);
            return;
        }
        int disp = Rm.disp(rm);
        if (!Rm.hasBase(rm)) {
            // no base: SIB with base 5 and a 32-bit displacement
            u8(field | 4);
            u8(Rm.scale(rm) << 6 | (Rm.hasIndex(rm) ? (Rm.index(rm) & 7) << 3 : 4 << 3) | 5);
            u32(disp);
            return;
        }
        int base = Rm.base(rm) & 7;
        int mod = disp == 0 && base != 5 ? 0 : disp == (byte) disp ? 1 : 2;
        if (Rm.hasIndex(rm)) {
            u8(mod << 6 | field | 4);
            u8(Rm.scale(rm) << 6 | (Rm.index(rm) & 7) << 3 | base);
        } else if (base == 4) {
            u8(mod << 6 | field | 4);
            u8(4 << 3 | base);
        } else {
            u8(mod << 6 | field | base);
        }
        if (mod == 1) {
            u8(disp);
        } else if (mod == 2) {
            u32(disp);
        }
    }

    private static int prefixOf(int bytes) {
        return bytes == 2 ? 0x66 : 0;
    }

    /**
     * An instruction with a general register and an r/m, {@code opcode} being its form of 16 to 64
     * bits.
     */
    void op(int opcode, int bytes, int reg, long rm) {
        encode(
                prefixOf(bytes),
                bytes == 8,
                bytes == 1 ? opcode & ~1 : opcode,
                reg,
                rm,
                bytes == 1,
                bytes == 1);
    }

    /** The same with no byte form. */
    void op2(int opcode, int bytes, int reg, long rm) {
        encode(prefixOf(bytes), bytes == 8, opcode, reg, rm, false, false);
    }

    /**
     * An instruction with a mandatory prefix (0 for none), for SSE, MMX and x87.
     *
     * @param reg register number or opcode extension
     */
    void sse(int prefix, int opcode, boolean wide, int reg, long rm) {
        encode(prefix, wide, opcode, reg, rm, false, false);
    }

    // ---- moves

    /** mov reg, rm */
    void load(int bytes, int reg, long rm) {
        op(0x8b, bytes, reg, rm);
    }

    /** mov rm, reg */
    void store(int bytes, long rm, int reg) {
        op(0x89, bytes, reg, rm);
    }

    void mov(int bytes, int to, int from) {
        if (to != from || bytes != 8) {
            op(0x8b, bytes, to, Rm.reg(from));
        }
    }

    /** mov rm, imm; sign-extended to 64 bits */
    void storeImm(int bytes, long rm, int imm) {
        encode(prefixOf(bytes), bytes == 8, bytes == 1 ? 0xc6 : 0xc7, 0, rm, false, bytes == 1);
        imm(bytes, imm);
    }

    private void imm(int bytes, int value) {
        switch (bytes) {
            case 1 -> u8(value);
            case 2 -> u16(value);
            default -> u32(value);
        }
    }

    /** mov reg, imm in the shortest form; all 64 bits are set */
    void movImm(int reg, long imm) {
        if (imm == (imm & 0xffff_ffffL)) {
            if (reg >= 8) {
                u8(0x41);
            }
            u8(0xb8 | reg & 7);
            u32((int) imm);
        } else if (imm == (int) imm) {
            storeImm(8, Rm.reg(reg), (int) imm);
        } else {
            u8(0x48 | reg >> 3);
            u8(0xb8 | reg & 7);
            u64(imm);
        }
    }

    /** Zero- or sign-extending load of 1 or 2 bytes into a register of {@code bytes}. */
    void extend(boolean signed, int fromBytes, int bytes, int reg, long rm) {
        encode(
                prefixOf(bytes),
                bytes == 8,
                (signed ? 0x0fbe : 0x0fb6) | (fromBytes == 2 ? 1 : 0),
                reg,
                rm,
                false,
                fromBytes == 1);
    }

    /** movsxd reg64, rm32 */
    void movsxd(int reg, long rm) {
        encode(0, true, 0x63, reg, rm, false, false);
    }

    void lea(int bytes, int reg, long rm) {
        encode(prefixOf(bytes), bytes == 8, 0x8d, reg, rm, false, false);
    }

    void xchg(int bytes, int reg, long rm) {
        op(0x87, bytes, reg, rm);
    }

    // ---- arithmetic

    /** op reg, rm */
    void alu(int op, int bytes, int reg, long rm) {
        op(op << 3 | 3, bytes, reg, rm);
    }

    /** op rm, reg */
    void aluTo(int op, int bytes, long rm, int reg) {
        op(op << 3 | 1, bytes, reg, rm);
    }

    /** op rm, imm */
    void aluImm(int op, int bytes, long rm, int imm) {
        if (bytes == 1) {
            encode(0, false, 0x80, op, rm, false, true);
            u8(imm);
        } else if (imm == (byte) imm) {
            encode(prefixOf(bytes), bytes == 8, 0x83, op, rm, false, false);
            u8(imm);
        } else {
            encode(prefixOf(bytes), bytes == 8, 0x81, op, rm, false, false);
            imm(bytes, imm);
        }
    }

    /** test rm, reg */
    void test(int bytes, long rm, int reg) {
        op(0x85, bytes, reg, rm);
    }

    void testImm(int bytes, long rm, int imm) {
        group3(TEST, bytes, rm);
        imm(bytes, imm);
    }

    /** TEST (an immediate must follow), NOT, NEG, MUL, IMUL, DIV, IDIV. */
    void group3(int extension, int bytes, long rm) {
        encode(
                prefixOf(bytes),
                bytes == 8,
                bytes == 1 ? 0xf6 : 0xf7,
                extension,
                rm,
                false,
                bytes == 1);
    }

    void inc(int bytes, long rm) {
        incDec(0, bytes, rm);
    }

    void dec(int bytes, long rm) {
        incDec(1, bytes, rm);
    }

    private void incDec(int extension, int bytes, long rm) {
        encode(
                prefixOf(bytes),
                bytes == 8,
                bytes == 1 ? 0xfe : 0xff,
                extension,
                rm,
                false,
                bytes == 1);
    }

    void shiftImm(int kind, int bytes, long rm, int count) {
        if (count == 1) {
            encode(
                    prefixOf(bytes),
                    bytes == 8,
                    bytes == 1 ? 0xd0 : 0xd1,
                    kind,
                    rm,
                    false,
                    bytes == 1);
            return;
        }
        encode(prefixOf(bytes), bytes == 8, bytes == 1 ? 0xc0 : 0xc1, kind, rm, false, bytes == 1);
        u8(count);
    }

    void shiftCl(int kind, int bytes, long rm) {
        encode(prefixOf(bytes), bytes == 8, bytes == 1 ? 0xd2 : 0xd3, kind, rm, false, bytes == 1);
    }

    /** imul reg, rm, imm */
    void imul3(int bytes, int reg, long rm, int imm) {
        boolean small = imm == (byte) imm;
        encode(prefixOf(bytes), bytes == 8, small ? 0x6b : 0x69, reg, rm, false, false);
        if (small) {
            u8(imm);
        } else {
            imm(bytes, imm);
        }
    }

    void setcc(int cc, long rm) {
        encode(0, false, 0x0f90 | cc, 0, rm, false, true);
    }

    void cmov(int cc, int bytes, int reg, long rm) {
        encode(prefixOf(bytes), bytes == 8, 0x0f40 | cc, reg, rm, false, false);
    }

    /** A legacy 8-bit form with AH, CH, DH or BH; no operand may need a REX. */
    void high(int opcode, int reg, int rm) {
        u8(opcode);
        u8(0xc0 | reg << 3 | rm);
    }

    void bswap(int bytes, int reg) {
        int rex = (bytes == 8 ? 8 : 0) | reg >> 3;
        if (rex != 0) {
            u8(0x40 | rex);
        }
        u8(0x0f);
        u8(0xc8 | reg & 7);
    }

    void push(int reg) {
        if (reg >= 8) {
            u8(0x41);
        }
        u8(0x50 | reg & 7);
    }

    void pop(int reg) {
        if (reg >= 8) {
            u8(0x41);
        }
        u8(0x58 | reg & 7);
    }

    void lahf() {
        u8(0x9f);
    }

    void sahf() {
        u8(0x9e);
    }

    // ---- flow: forward jumps return where their displacement is

    int jcc(int cc) {
        u8(0x0f);
        u8(0x80 | cc);
        u32(0);
        return size - 4;
    }

    int jmp() {
        u8(0xe9);
        u32(0);
        return size - 4;
    }

    int call() {
        u8(0xe8);
        u32(0);
        return size - 4;
    }

    /** Makes the jump at {@code at} lead here. */
    void bind(int at) {
        patch32(at, size - (at + 4));
    }

    /** Makes the jump at {@code at} lead to an offset in this buffer. */
    void bindTo(int at, int target) {
        patch32(at, target - (at + 4));
    }

    void jmpRm(long rm) {
        encode(0, false, 0xff, 4, rm, false, false);
    }

    void callRm(long rm) {
        encode(0, false, 0xff, 2, rm, false, false);
    }

    void ret() {
        u8(0xc3);
    }
}
