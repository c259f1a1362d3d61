package trivium.x86.interp;

import trivium.x86.decode.Instruction;
import trivium.x86.decode.Operand;

/** A general register operand of any width: byte registers 4 to 7 without REX are AH to BH. */
final class Registers {
    private Registers() {}

    /** The register number of operand {@code i}; its byte shift is {@link #shift}. */
    static int index(Instruction in, int i) {
        int n = number(in, in.operand(i));
        return isHigh(in, i, n) ? n - 4 : n;
    }

    /** 8 for AH, CH, DH and BH, otherwise 0. */
    static int shift(Instruction in, int i) {
        return isHigh(in, i, number(in, in.operand(i))) ? 8 : 0;
    }

    private static boolean isHigh(Instruction in, int i, int n) {
        return in.bytes(i) == 1
                && in.rex == 0
                && n >= 4
                && n < 8
                && in.operand(i).place() != Operand.Place.ACCUMULATOR;
    }

    private static int number(Instruction in, Operand operand) {
        return switch (operand.place()) {
            case REG -> in.reg;
            case RM -> in.rm;
            case OPCODE -> in.opcode & 7 | (in.rex & 1) << 3;
            case ACCUMULATOR -> 0;
            case COUNT -> 1;
            case PORT -> 2;
            default -> throw new AssertionError(operand);
        };
    }

    /** Reads, sign-extended. */
    static long get(Cpu c, int index, int shift, int sh) {
        return c.r[index] >>> shift << sh >> sh;
    }

    /** Writes by the rules of each width: 32 bits clear the upper half. */
    static void set(Cpu c, int index, int shift, int bytes, long value) {
        switch (bytes) {
            case 1 -> c.set8(index, shift, (int) value);
            case 2 -> c.set16(index, (int) value);
            case 4 -> c.set32(index, (int) value);
            default -> c.r[index] = value;
        }
    }
}
