package trivium.x86.fp;

import static trivium.x86.fp.Float80.INTEGER_BIT;
import static trivium.x86.fp.FpuContext.CHOP;
import static trivium.x86.fp.FpuContext.DOWN;
import static trivium.x86.fp.FpuContext.NEAREST;
import static trivium.x86.fp.FpuContext.UP;

/**
 * The constants of FLD1 to FLDZ in the order of their opcodes D9 E8 to D9 EE. All but 1 and 0 are
 * rounded as RC says: SDM Vol. 2 "FLD1/FLDL2T/…—Load Constant". No exception is signalled.
 */
public enum Constant80 {
    ONE(0x3fff, INTEGER_BIT, 0),
    LOG2_10(0x4000, 0xD49A_784B_CD1B_8AFEL, 1),
    LOG2_E(0x3fff, 0xB8AA_3B29_5C17_F0BBL, 3),
    PI(0x4000, 0xC90F_DAA2_2168_C234L, 3),
    LOG10_2(0x3ffd, 0x9A20_9A84_FBCF_F798L, 3),
    LN_2(0x3ffe, 0xB172_17F7_D1CF_79ABL, 3),
    ZERO(0, 0, 0);

    private final int exponent;
    private final long truncated;
    private final int quarters;

    /**
     * @param quarters of a last place that the truncated significand lacks, at least about; 0: none
     */
    Constant80(int exponent, long truncated, int quarters) {
        this.exponent = exponent;
        this.truncated = truncated;
        this.quarters = quarters;
    }

    public void load(FpuContext c) {
        boolean up =
                switch (c.rounding()) {
                    case NEAREST -> quarters > 2;
                    case UP -> quarters > 0;
                    case DOWN, CHOP -> false;
                    default -> throw new AssertionError();
                };
        c.set(exponent, truncated + (up ? 1 : 0));
    }
}
