package trivium.x86.simd;

/**
 * The floating-point operations of SSE to SSE4.1 on raw bits, under an MXCSR. Where rounding is to
 * nearest and operands and result are ordinary numbers, the host's arithmetic gives the result and
 * an error-free check tells whether it was exact; everything else is {@link SoftFloat}'s.
 *
 * <p>Use: {@link #begin}, one or more operations, then {@link #raised}. An instance serves one
 * vCPU.
 */
public final class SseFloat extends SoftFloat {
    private static final int CF = 1, ZF = 1 << 6;

    /** Bounds within which the residuals below neither overflow nor underflow. */
    private static final double SAFE_MAX = 0x1p900, SAFE_MIN = 0x1p-900;

    /** Whether nothing is left to find out: rounding to nearest, PE masked and set already. */
    public static boolean quick(int mxcsr) {
        return (mxcsr & (RC | PM | PE)) == (PM | PE);
    }

    public void begin(int mxcsr) {
        this.mxcsr = mxcsr;
        raised = 0;
    }

    /**
     * The exceptions raised since {@link #begin}, as MXCSR flags: if one of IE, DE, ZE is unmasked,
     * only these, since the others are found later (SDM Vol. 1 "SIMD Floating-Point Exception
     * Conditions").
     */
    public int raised() {
        int unmasked = raised & ~(mxcsr >> 7);
        return (unmasked & (IE | DE | ZE)) != 0 ? raised & (IE | DE | ZE) : raised;
    }

    // ---- what the quick ways need to know of operands and results

    /** Zero or normal; infinities pass, NaNs and denormals do not. */
    public static boolean ordinary(double a) {
        return Math.abs(a) >= Double.MIN_NORMAL || a == 0;
    }

    public static boolean ordinary(float a) {
        return Math.abs(a) >= Float.MIN_NORMAL || a == 0;
    }

    /**
     * Finite and not near underflow: the smallest normal number may have been tiny before rounding.
     */
    public static boolean normal(double r) {
        double m = Math.abs(r);
        return m > Double.MIN_NORMAL && m <= Double.MAX_VALUE;
    }

    public static boolean normal(float r) {
        float m = Math.abs(r);
        return m > Float.MIN_NORMAL && m <= Float.MAX_VALUE;
    }

    /** A sum that is zero is exact, and +0 where rounding is to nearest. */
    public static boolean sum(double a, double b, double r) {
        return (normal(r) || r == 0) && ordinary(a) && ordinary(b);
    }

    public static boolean sum(float a, float b, float r) {
        return (normal(r) || r == 0) && ordinary(a) && ordinary(b);
    }

    public static boolean product(double a, double b, double r) {
        return (normal(r) || r == 0 && (a == 0 || b == 0)) && ordinary(a) && ordinary(b);
    }

    public static boolean product(float a, float b, float r) {
        return (normal(r) || r == 0 && (a == 0 || b == 0)) && ordinary(a) && ordinary(b);
    }

    public static boolean quotient(double a, double b, double r) {
        return normal(r) && ordinary(a) && ordinary(b) && b != 0;
    }

    public static boolean quotient(float a, float b, float r) {
        return normal(r) && ordinary(a) && ordinary(b) && b != 0;
    }

    /**
     * Negative unless the quick way is certainly right for these raw operands and result: neither
     * operand is zero or denormal, the result is normal, not the smallest and not infinite. Without
     * a branch, so that lanes can be joined with {@code |}.
     */
    public static int unsure64(long a, long b, long r) {
        int ea = (int) (a >>> 52) & 0x7ff;
        int eb = (int) (b >>> 52) & 0x7ff;
        int er = (int) (r >>> 52) & 0x7ff;
        return ea - 1 | eb - 1 | er - 2 | 0x7fe - er | 0x7fe - ea | 0x7fe - eb;
    }

    public static int unsure32(int a, int b, int r) {
        int ea = a >>> 23 & 0xff;
        int eb = b >>> 23 & 0xff;
        int er = r >>> 23 & 0xff;
        return ea - 1 | eb - 1 | er - 2 | 0xfe - er | 0xfe - ea | 0xfe - eb;
    }

    /** Not a result of anything: a signaling NaN. */
    public static final long UNSETTLED = 0x7ff0_0000_0000_0001L;

    /**
     * The result where {@link #unsure64} but no exception can be new: quiet NaNs, infinities, exact
     * zeros. Rounding is to nearest, and PE is masked and set.
     *
     * @param r what the host says
     * @return UNSETTLED if it takes a closer look
     */
    public static long settle64(long a, long b, long r, boolean division) {
        double x = Double.longBitsToDouble(a);
        double y = Double.longBitsToDouble(b);
        double result = Double.longBitsToDouble(r);
        if (x != x || y != y) {
            boolean quiet = (x == x || a << 12 < 0) && (y == y || b << 12 < 0);
            return !quiet ? UNSETTLED : x != x ? a : b;
        }
        if (!ordinary(x) || !ordinary(y)) {
            return UNSETTLED;
        }
        boolean infinite = Math.abs(x) > Double.MAX_VALUE || Math.abs(y) > Double.MAX_VALUE;
        boolean exact = infinite ? result == result : (x == 0 || y == 0) && !(division && y == 0);
        return exact || normal(result) ? r : UNSETTLED;
    }

    private boolean nearest() {
        return (mxcsr & RC) == 0;
    }

    /** Whether a residual can be trusted, or need not be looked at since PE is set already. */
    private boolean checkable(double a, double b, double r) {
        return sticky() || safe(a) && safe(b) && safe(r);
    }

    private static boolean safe(double a) {
        double m = Math.abs(a);
        return m > SAFE_MIN && m < SAFE_MAX || m == 0;
    }

    private boolean sticky() {
        return (mxcsr & (PM | PE)) == (PM | PE);
    }

    private void inexactIf(boolean inexact) {
        if (inexact) {
            raised |= PE;
        }
    }

    /** Knuth's TwoSum: the rounding error of {@code r = a + b}, exactly. */
    private static double sumError(double a, double b, double r) {
        double b1 = r - a;
        return (a - (r - b1)) + (b - b1);
    }

    private static float sumError(float a, float b, float r) {
        float b1 = r - a;
        return (a - (r - b1)) + (b - b1);
    }

    // ---- double

    public long add64(long a, long b) {
        double x = Double.longBitsToDouble(a);
        double y = Double.longBitsToDouble(b);
        double r = x + y;
        if (nearest() && sum(x, y, r) && checkable(x, y, r)) {
            inexactIf(!sticky() && sumError(x, y, r) != 0);
            return Double.doubleToRawLongBits(r);
        }
        return add(a, b, false, DOUBLE);
    }

    public long sub64(long a, long b) {
        double x = Double.longBitsToDouble(a);
        double y = Double.longBitsToDouble(b);
        double r = x - y;
        if (nearest() && sum(x, y, r) && checkable(x, y, r)) {
            inexactIf(!sticky() && sumError(x, -y, r) != 0);
            return Double.doubleToRawLongBits(r);
        }
        return add(a, b, true, DOUBLE);
    }

    public long mul64(long a, long b) {
        double x = Double.longBitsToDouble(a);
        double y = Double.longBitsToDouble(b);
        double r = x * y;
        if (nearest() && product(x, y, r) && checkable(x, y, r)) {
            inexactIf(!sticky() && Math.fma(x, y, -r) != 0);
            return Double.doubleToRawLongBits(r);
        }
        return multiply(a, b, DOUBLE);
    }

    public long div64(long a, long b) {
        double x = Double.longBitsToDouble(a);
        double y = Double.longBitsToDouble(b);
        double r = x / y;
        if (nearest() && quotient(x, y, r) && checkable(x, y, r)) {
            inexactIf(!sticky() && Math.fma(r, y, -x) != 0);
            return Double.doubleToRawLongBits(r);
        }
        return divide(a, b, DOUBLE);
    }

    public long sqrt64(long a) {
        double x = Double.longBitsToDouble(a);
        double r = Math.sqrt(x);
        if (nearest() && normal(r) && ordinary(x) && checkable(x, x, r)) {
            inexactIf(!sticky() && Math.fma(r, r, -x) != 0);
            return Double.doubleToRawLongBits(r);
        }
        return squareRoot(a, DOUBLE);
    }

    public long min64(long a, long b) {
        double x = Double.longBitsToDouble(a);
        double y = Double.longBitsToDouble(b);
        if (ordinary(x) && ordinary(y)) {
            return x < y ? a : b;
        }
        return minMax(a, b, false, DOUBLE);
    }

    public long max64(long a, long b) {
        double x = Double.longBitsToDouble(a);
        double y = Double.longBitsToDouble(b);
        if (ordinary(x) && ordinary(y)) {
            return x > y ? a : b;
        }
        return minMax(a, b, true, DOUBLE);
    }

    /**
     * @param predicate 0 to 7: EQ LT LE UNORD NEQ NLT NLE ORD
     */
    public long cmp64(long a, long b, int predicate) {
        double x = Double.longBitsToDouble(a);
        double y = Double.longBitsToDouble(b);
        if (ordinary(x) && ordinary(y)) {
            return holds(x, y, predicate) ? -1 : 0;
        }
        return compare(a, b, predicate, DOUBLE) ? -1 : 0;
    }

    /** A predicate of CMPxx on numbers that are not NaN. */
    private static boolean holds(double x, double y, int predicate) {
        return switch (predicate) {
            case 0 -> x == y;
            case 1 -> x < y;
            case 2 -> x <= y;
            case 4 -> x != y;
            case 5 -> x >= y;
            case 6 -> x > y;
            default -> predicate == 7;
        };
    }

    /** COMISD, UCOMISD: ZF, PF and CF as RFLAGS bits. */
    public int compareFlags64(long a, long b, boolean signaling) {
        double x = Double.longBitsToDouble(a);
        double y = Double.longBitsToDouble(b);
        if (ordinary(x) && ordinary(y)) {
            return x > y ? 0 : x < y ? CF : ZF;
        }
        return compareFlags(a, b, signaling, DOUBLE);
    }

    public long round64(long a, int imm) {
        return roundToIntegral(a, imm, DOUBLE);
    }

    // ---- single

    public int add32(int a, int b) {
        float x = Float.intBitsToFloat(a);
        float y = Float.intBitsToFloat(b);
        float r = x + y;
        if (nearest() && sum(x, y, r) && (sticky() || Math.abs(r) < 0x1p126f)) {
            inexactIf(!sticky() && sumError(x, y, r) != 0);
            return Float.floatToRawIntBits(r);
        }
        return (int) add(unsigned(a), unsigned(b), false, SINGLE);
    }

    public int sub32(int a, int b) {
        float x = Float.intBitsToFloat(a);
        float y = Float.intBitsToFloat(b);
        float r = x - y;
        if (nearest() && sum(x, y, r) && (sticky() || Math.abs(r) < 0x1p126f)) {
            inexactIf(!sticky() && sumError(x, -y, r) != 0);
            return Float.floatToRawIntBits(r);
        }
        return (int) add(unsigned(a), unsigned(b), true, SINGLE);
    }

    public int mul32(int a, int b) {
        float x = Float.intBitsToFloat(a);
        float y = Float.intBitsToFloat(b);
        float r = x * y;
        if (nearest() && product(x, y, r)) {
            // The product of two singles is exact in a double.
            inexactIf(!sticky() && (double) x * y != r);
            return Float.floatToRawIntBits(r);
        }
        return (int) multiply(unsigned(a), unsigned(b), SINGLE);
    }

    public int div32(int a, int b) {
        float x = Float.intBitsToFloat(a);
        float y = Float.intBitsToFloat(b);
        float r = x / y;
        if (nearest() && quotient(x, y, r)) {
            inexactIf(!sticky() && (double) r * y != x);
            return Float.floatToRawIntBits(r);
        }
        return (int) divide(unsigned(a), unsigned(b), SINGLE);
    }

    public int sqrt32(int a) {
        float x = Float.intBitsToFloat(a);
        // A double's root rounded to single is the single's root: 53 >= 2 * 24 + 2 bits.
        float r = (float) Math.sqrt(x);
        if (nearest() && normal(r) && ordinary(x)) {
            inexactIf(!sticky() && (double) r * r != x);
            return Float.floatToRawIntBits(r);
        }
        return (int) squareRoot(unsigned(a), SINGLE);
    }

    public int min32(int a, int b) {
        float x = Float.intBitsToFloat(a);
        float y = Float.intBitsToFloat(b);
        if (ordinary(x) && ordinary(y)) {
            return x < y ? a : b;
        }
        return (int) minMax(unsigned(a), unsigned(b), false, SINGLE);
    }

    public int max32(int a, int b) {
        float x = Float.intBitsToFloat(a);
        float y = Float.intBitsToFloat(b);
        if (ordinary(x) && ordinary(y)) {
            return x > y ? a : b;
        }
        return (int) minMax(unsigned(a), unsigned(b), true, SINGLE);
    }

    public int cmp32(int a, int b, int predicate) {
        float x = Float.intBitsToFloat(a);
        float y = Float.intBitsToFloat(b);
        if (ordinary(x) && ordinary(y)) {
            return holds(x, y, predicate) ? -1 : 0;
        }
        return compare(unsigned(a), unsigned(b), predicate, SINGLE) ? -1 : 0;
    }

    public int compareFlags32(int a, int b, boolean signaling) {
        float x = Float.intBitsToFloat(a);
        float y = Float.intBitsToFloat(b);
        if (ordinary(x) && ordinary(y)) {
            return x > y ? 0 : x < y ? CF : ZF;
        }
        return compareFlags(unsigned(a), unsigned(b), signaling, SINGLE);
    }

    public int round32(int a, int imm) {
        return (int) roundToIntegral(unsigned(a), imm, SINGLE);
    }

    private static long unsigned(int a) {
        return a & 0xffff_ffffL;
    }

    // ---- conversion

    public long cvtss2sd(int a) {
        float x = Float.intBitsToFloat(a);
        return ordinary(x) ? Double.doubleToRawLongBits(x) : singleToDouble(unsigned(a));
    }

    public int cvtsd2ss(long a) {
        double x = Double.longBitsToDouble(a);
        float r = (float) x;
        if (nearest() && normal(r) && ordinary(x)) {
            inexactIf(r != x);
            return Float.floatToRawIntBits(r);
        }
        return (int) doubleToSingle(a);
    }

    public int fromInteger32(long value) {
        return (int) fromInteger(value, SINGLE);
    }

    public long fromInteger64(long value) {
        long r = Double.doubleToRawLongBits((double) value);
        boolean exact = Math.abs(value) <= 1L << 53 && value != Long.MIN_VALUE;
        return exact ? r : fromInteger(value, DOUBLE);
    }

    /** CVTxx2SI and CVTTxx2SI: to 32 bits. */
    public int single2int(int a, boolean truncate) {
        return (int) toInteger(unsigned(a), truncate ? ZERO : rounding(), 32, SINGLE);
    }

    public int double2int(long a, boolean truncate) {
        double x = Double.longBitsToDouble(a);
        int i = (int) x;
        // Saturated or NaN: not quick. A denormal is inexact either way, unless DAZ says zero.
        if (truncate && ordinary(x) && i != Integer.MAX_VALUE && i != Integer.MIN_VALUE) {
            inexactIf(i != x);
            return i;
        }
        return (int) toInteger(a, truncate ? ZERO : rounding(), 32, DOUBLE);
    }

    public long single2long(int a, boolean truncate) {
        return toInteger(unsigned(a), truncate ? ZERO : rounding(), 64, SINGLE);
    }

    public long double2long(long a, boolean truncate) {
        return toInteger(a, truncate ? ZERO : rounding(), 64, DOUBLE);
    }

    // ---- approximations: no exceptions; denormals are zero, tiny results too

    /** RCPSS: here the reciprocal itself, rounded to single. */
    public static int rcp32(int a) {
        float x = Float.intBitsToFloat(a);
        if (Float.isNaN(x)) {
            return (int) quiet(unsigned(a), SINGLE);
        }
        if (Math.abs(x) < Float.MIN_NORMAL) {
            return (int) infinity(a < 0, SINGLE);
        }
        float r = (float) (1.0 / x);
        return Math.abs(r) < Float.MIN_NORMAL ? a & Integer.MIN_VALUE : Float.floatToRawIntBits(r);
    }

    /** RSQRTSS: here the reciprocal square root itself, rounded to single. */
    public static int rsqrt32(int a) {
        float x = Float.intBitsToFloat(a);
        if (Float.isNaN(x)) {
            return (int) quiet(unsigned(a), SINGLE);
        }
        if (Math.abs(x) < Float.MIN_NORMAL) {
            return (int) infinity(a < 0, SINGLE);
        }
        return x < 0
                ? (int) indefinite(SINGLE)
                : Float.floatToRawIntBits((float) (1 / Math.sqrt(x)));
    }

    // ---- dot product

    /**
     * DPPD: products of the elements that imm[5:4] selects, added; where imm[1:0] has a zero the
     * result is +0.
     */
    public long dot64(long a0, long a1, long b0, long b1, int imm) {
        long p0 = (imm & 0x10) != 0 ? mul64(a0, b0) : 0;
        long p1 = (imm & 0x20) != 0 ? mul64(a1, b1) : 0;
        return stopped() ? 0 : add64(p0, p1);
    }

    /** DPPS: imm[7:4] selects; products 0 and 1, and 2 and 3, are added first. */
    public int dot32(long aLow, long aHigh, long bLow, long bHigh, int imm) {
        int p0 = (imm & 0x10) != 0 ? mul32((int) aLow, (int) bLow) : 0;
        int p1 = (imm & 0x20) != 0 ? mul32((int) (aLow >>> 32), (int) (bLow >>> 32)) : 0;
        int p2 = (imm & 0x40) != 0 ? mul32((int) aHigh, (int) bHigh) : 0;
        int p3 = (imm & 0x80) != 0 ? mul32((int) (aHigh >>> 32), (int) (bHigh >>> 32)) : 0;
        if (stopped()) {
            return 0;
        }
        int low = add32(p0, p1);
        int high = add32(p2, p3);
        return stopped() ? 0 : add32(low, high);
    }

    /** Whether an unmasked exception ends a compound instruction between its steps. */
    private boolean stopped() {
        return (raised & ~(mxcsr >> 7)) != 0;
    }
}
