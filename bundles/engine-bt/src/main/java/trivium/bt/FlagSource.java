package trivium.bt;

/**
 * How the guest's status flags can be computed again from registers that have not changed since:
 * what a compare or an addition leaves behind at no cost.
 *
 * @param size operand size in bytes
 * @param a guest register: the first operand of CMP, TEST and IMUL, the result of the others; or
 *     {@link #KEPT}
 * @param b guest register of the second operand, {@link #KEPT}, or -1 for {@code imm}
 */
record FlagSource(Kind kind, int size, int a, int b, int imm) {
    enum Kind {
        /** a - b */
        CMP,
        /** a & b */
        TEST,
        /** a is a sum, b one of the summands */
        ADD,
        /** a is a difference, b what was subtracted */
        SUB,
        /** a was incremented or decremented; CF is the saved one */
        INC,
        DEC,
        /** a was negated */
        NEG,
        /** a was shifted by imm */
        SHL,
        SHR,
        SAR,
        /** a times b */
        IMUL
    }

    /** An operand that was stored in {@link Area#FLAG_OPERAND}. */
    static final int KEPT = -2;

    /** Whether memory must have CF, too. */
    boolean needsCf() {
        return kind == Kind.INC || kind == Kind.DEC;
    }

    boolean uses(int register) {
        return a == register || b == register;
    }
}
