package trivium.x86.interp;

/**
 * Arithmetic and logic of any width. Operands and results are sign-extended to 64 bits; {@code sh}
 * is 64 less the width in bits. Sets the flags of SDM Vol. 2.
 */
final class Alu {
    static final int ADD = 0, OR = 1, ADC = 2, SBB = 3, AND = 4, SUB = 5, XOR = 6, CMP = 7;

    private Alu() {}

    /**
     * @param kind as in the ModR/M extension of opcode 80
     */
    static long compute(Cpu c, int kind, long a, long b, int sh) {
        return switch (kind) {
            case ADD -> add(c, a, b, 0, sh);
            case OR -> logic(c, a | b);
            case ADC -> add(c, a, b, c.cf() ? 1 : 0, sh);
            case SBB -> sub(c, a, b, c.cf() ? 1 : 0, sh);
            case AND -> logic(c, a & b);
            case XOR -> logic(c, a ^ b);
            default -> sub(c, a, b, 0, sh);
        };
    }

    static long add(Cpu c, long a, long b, long carry, int sh) {
        long result = a + b + carry << sh >> sh;
        c.setFlags(result, (a & b) | ((a | b) & ~result), sh);
        return result;
    }

    static long sub(Cpu c, long a, long b, long borrow, int sh) {
        long result = a - b - borrow << sh >> sh;
        c.setFlags(result, (~a & b) | ((~a | b) & result), sh);
        return result;
    }

    static long logic(Cpu c, long result) {
        c.flagsLogic(result);
        return result;
    }

    static long inc(Cpu c, long a, int sh) {
        long result = a + 1 << sh >> sh;
        c.flagsKeepCf(result, result == Long.MIN_VALUE >> sh, (result & 15) == 0);
        return result;
    }

    static long dec(Cpu c, long a, int sh) {
        long result = a - 1 << sh >> sh;
        c.flagsKeepCf(result, result == Long.MAX_VALUE >> sh, (result & 15) == 15);
        return result;
    }

    static int shiftOf(int bytes) {
        return 64 - 8 * bytes;
    }
}
