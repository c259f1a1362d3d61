package trivium.x86.fp;

import static trivium.x86.fp.FpuContext.C0;
import static trivium.x86.fp.FpuContext.C1;
import static trivium.x86.fp.FpuContext.C2;
import static trivium.x86.fp.FpuContext.C3;
import static trivium.x86.fp.FpuContext.IE;

/**
 * Kinds of 80-bit operands and what x87 does with NaNs: SDM Vol. 1 "Real Number and NaN Encodings"
 * and "Unsupported Double Extended-Precision Floating-Point Encodings". Unnormals, pseudo-NaNs and
 * pseudo-infinities are unsupported; pseudo-denormals are denormal operands of exponent 1.
 */
public final class Float80 {
    public static final int SIGN = 0x8000, EXPONENT = 0x7fff, BIAS = 0x3fff;
    public static final long INTEGER_BIT = Long.MIN_VALUE;

    /** The significand of the real indefinite; its sign is set. */
    public static final long QUIET_NAN = 0xC000_0000_0000_0000L;

    public static final int INDEFINITE_SE = 0xffff;
    private static final long QUIET_BIT = 1L << 62;

    private Float80() {}

    /** Normal: the integer bit set and an exponent that is neither all zeros nor all ones. */
    static boolean isNormal(long m, int se) {
        return m < 0 && (se + 1 & 0x7ffe) != 0;
    }

    static boolean isZero(long m, int se) {
        return m == 0 && (se & EXPONENT) == 0;
    }

    static boolean isDenormal(long m, int se) {
        return m != 0 && (se & EXPONENT) == 0;
    }

    static boolean isInfinity(long m, int se) {
        return m == INTEGER_BIT && (se & EXPONENT) == EXPONENT;
    }

    static boolean isNaN(long m, int se) {
        return m < 0 && m != INTEGER_BIT && (se & EXPONENT) == EXPONENT;
    }

    static boolean isSignalling(long m, int se) {
        return isNaN(m, se) && (m & QUIET_BIT) == 0;
    }

    static boolean isUnsupported(long m, int se) {
        return m >= 0 && (se & EXPONENT) != 0;
    }

    /** The exponent that goes with {@link #normalized}: at most 0 for denormals. */
    static int normalizedExponent(long m, int se) {
        int e = se & EXPONENT;
        return e != 0 ? e : 1 - Long.numberOfLeadingZeros(m);
    }

    static long normalized(long m) {
        return m << Long.numberOfLeadingZeros(m);
    }

    /**
     * Answers for an operand that is unsupported or NaN, if one is: sets the result and IE.
     *
     * @return whether it did, and the operation is over
     */
    static boolean refuses(FpuContext c, long m, int se) {
        if (isUnsupported(m, se)) {
            c.flags &= ~FpuContext.DE;
            c.invalid();
            return true;
        }
        if (isNaN(m, se)) {
            quiet(c, m, se);
            return true;
        }
        return false;
    }

    /** The same for two operands: SDM Vol. 1 table "Rules for Handling NaNs", column x87. */
    static boolean refuses(FpuContext c, long am, int ase, long bm, int bse) {
        if (isUnsupported(am, ase) || isUnsupported(bm, bse)) {
            c.flags &= ~FpuContext.DE;
            c.invalid();
            return true;
        }
        boolean aNaN = isNaN(am, ase), bNaN = isNaN(bm, bse);
        if (!aNaN && !bNaN) {
            return false;
        }
        c.flags &= ~FpuContext.DE;
        if (isSignalling(am, ase) || isSignalling(bm, bse)) {
            c.flags |= IE;
        }
        if (!bNaN || aNaN && firstPrevails(am, ase, bm, bse)) {
            c.set(ase, am | QUIET_BIT);
        } else {
            c.set(bse, bm | QUIET_BIT);
        }
        return true;
    }

    /** Of two NaNs: the quiet one, then the larger significand, then the positive one. */
    private static boolean firstPrevails(long am, int ase, long bm, int bse) {
        if (((am ^ bm) & QUIET_BIT) != 0) {
            return (am & QUIET_BIT) != 0;
        }
        return am == bm ? ase < bse : Long.compareUnsigned(am, bm) > 0;
    }

    static void quiet(FpuContext c, long m, int se) {
        c.flags &= ~FpuContext.DE;
        if ((m & QUIET_BIT) == 0) {
            c.flags |= IE;
        }
        c.set(se, m | QUIET_BIT);
    }

    /** FXAM for a register that is not empty: C3 C2 C1 C0. */
    public static int examine(long m, int se) {
        int sign = (se & SIGN) != 0 ? C1 : 0;
        return sign | (isUnsupported(m, se) ? 0 : kind(m, se & EXPONENT));
    }

    private static int kind(long m, int e) {
        if (e == EXPONENT) {
            return m == INTEGER_BIT ? C2 | C0 : C0;
        }
        if (e == 0) {
            return m == 0 ? C3 : C3 | C2;
        }
        return C2;
    }

    /** The two tag bits that FSTENV and FSAVE compute for a register that is not empty. */
    public static int tag(long m, int se) {
        int e = se & EXPONENT;
        if (e == 0 && m == 0) {
            return 1;
        }
        return e == 0 || e == EXPONENT || m >= 0 ? 2 : 0;
    }
}
