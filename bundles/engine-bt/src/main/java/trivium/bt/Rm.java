package trivium.bt;

/**
 * The "r/m" operand of a host instruction, packed into a long so that translating allocates none: a
 * register, memory by registers, or a field of the vCPU block (segment GS).
 */
final class Rm {
    private static final int NONE = 31;
    private static final int MEMORY = 1 << 16, GS = 1 << 17, WINDOW = 1 << 18;

    private Rm() {}

    /** A host register. */
    static long reg(int register) {
        return register;
    }

    /** [base + disp] */
    static long mem(int base, int disp) {
        return MEMORY | base | NONE << 8 | (long) disp << 32;
    }

    /** [base + (index << scale) + disp] */
    static long mem(int base, int index, int scale, int disp) {
        return MEMORY | base | index << 8 | scale << 13 | (long) disp << 32;
    }

    /** [(index << scale) + disp] */
    static long indexed(int index, int scale, int disp) {
        return mem(NONE, index, scale, disp);
    }

    /** A field of the vCPU block. */
    static long gs(int field) {
        return gs(NONE, field);
    }

    /** The same, so many bytes further as a register says. */
    static long gs(int index, int field) {
        return MEMORY | GS | index | NONE << 8 | (long) (field - Area.GS_BASE) << 32;
    }

    /**
     * Guest memory in the window, at a 32-bit linear address: [base + (index << scale) + disp].
     *
     * @param base register, or -1 for none; {@code index} likewise
     */
    static long window(int base, int index, int scale, int disp) {
        return mem(base & NONE, index & NONE, scale, disp) | GS | WINDOW;
    }

    /** Memory below 2 GiB. */
    static long absolute(int address) {
        return MEMORY | NONE | NONE << 8 | (long) address << 32;
    }

    static boolean isReg(long rm) {
        return (rm & MEMORY) == 0;
    }

    static boolean isGs(long rm) {
        return (rm & GS) != 0;
    }

    static boolean isWindow(long rm) {
        return (rm & WINDOW) != 0;
    }

    static int base(long rm) {
        return (int) rm & 31;
    }

    static boolean hasBase(long rm) {
        return base(rm) != NONE;
    }

    static int index(long rm) {
        return (int) rm >>> 8 & 31;
    }

    static boolean hasIndex(long rm) {
        return index(rm) != NONE;
    }

    static int scale(long rm) {
        return (int) rm >>> 13 & 3;
    }

    static int disp(long rm) {
        return (int) (rm >> 32);
    }
}
