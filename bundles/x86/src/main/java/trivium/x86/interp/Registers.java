package trivium.x86.interp;

import trivium.x86.decode.Instruction;

/** A general register operand of any width. */
final class Registers {
    private Registers() {}

    /** 8 for AH, CH, DH and BH, otherwise 0. */
    static int shift(Instruction in, int i) {
        return in.isHighByte(i) ? 8 : 0;
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
