package trivium.x86.simd;

/**
 * IEEE 754 arithmetic on binary32 and binary64 as SSE does it (SDM Vol. 1 "SSE and SSE2
 * Exceptions", "Floating-Point Formats"), exact in every rounding mode, in integers alone. Numbers
 * are raw bits in the low part of a long; {@code p} is the precision, 24 or 53. What an operation
 * raises is added to {@link #raised}.
 *
 * <p>Unpacked, a number is sign, exponent e and a significand m with bit 63 set: m / 2^63 × 2^e.
 * Bits shifted out below are kept as one sticky bit.
 */
abstract class SoftFloat {
    public static final int IE = 1, DE = 2, ZE = 4, OE = 8, UE = 16, PE = 32;
    public static final int DAZ = 1 << 6, MASKS = 0x3f << 7, UM = 1 << 11, PM = 1 << 12;
    public static final int RC = 3 << 13, FTZ = 1 << 15;
    static final int NEAREST = 0, DOWN = 1, UP = 2, ZERO = 3;
    static final int SINGLE = 24, DOUBLE = 53;

    /** MXCSR in force. */
    int mxcsr;

    /** Exceptions since {@link #raised} was last cleared, as MXCSR flags. */
    int raised;

    // ---- fields

    static long signBit(int p) {
        return p == DOUBLE ? Long.MIN_VALUE : 0x8000_0000L;
    }

    static boolean negative(long a, int p) {
        return (a & signBit(p)) != 0;
    }

    static int maxField(int p) {
        return p == DOUBLE ? 0x7ff : 0xff;
    }

    static int field(long a, int p) {
        return (int) (a >>> p - 1) & maxField(p);
    }

    static long fraction(long a, int p) {
        return a & (1L << p - 1) - 1;
    }

    static int minExponent(int p) {
        return p == DOUBLE ? -1022 : -126;
    }

    static long infinity(boolean negative, int p) {
        return (long) maxField(p) << p - 1 | (negative ? signBit(p) : 0);
    }

    static long zero(boolean negative, int p) {
        return negative ? signBit(p) : 0;
    }

    /** The default NaN: QNaN floating-point indefinite. */
    static long indefinite(int p) {
        return infinity(true, p) | 1L << p - 2;
    }

    static boolean isNan(long a, int p) {
        return field(a, p) == maxField(p) && fraction(a, p) != 0;
    }

    static boolean isInfinite(long a, int p) {
        return field(a, p) == maxField(p) && fraction(a, p) == 0;
    }

    static boolean isZero(long a, int p) {
        return (a & ~signBit(p)) == 0;
    }

    static boolean isDenormal(long a, int p) {
        return field(a, p) == 0 && fraction(a, p) != 0;
    }

    static boolean isSignaling(long a, int p) {
        return isNan(a, p) && (a & 1L << p - 2) == 0;
    }

    static long quiet(long a, int p) {
        return a | 1L << p - 2;
    }

    // ---- unpacking

    static long significand(long a, int p) {
        long m = fraction(a, p) << 64 - p;
        return field(a, p) != 0 ? m | Long.MIN_VALUE : m << Long.numberOfLeadingZeros(m);
    }

    static int exponent(long a, int p) {
        int field = field(a, p);
        if (field != 0) {
            return field + minExponent(p) - 1;
        }
        return minExponent(p) - Long.numberOfLeadingZeros(fraction(a, p) << 64 - p);
    }

    static long shiftRightJam(long m, int n) {
        if (n >= 64) {
            return m != 0 ? 1 : 0;
        }
        return n == 0 ? m : m >>> n | (m << 64 - n != 0 ? 1 : 0);
    }

    // ---- rounding and packing

    int rounding() {
        return (mxcsr & RC) >> 13;
    }

    /** 1 if cutting the low {@code drop} bits off must round up in magnitude. */
    static int increment(long m, int drop, boolean negative, int rounding) {
        long rest = m & (1L << drop) - 1;
        if (rest == 0) {
            return 0;
        }
        return switch (rounding) {
            case NEAREST -> {
                long half = 1L << drop - 1;
                yield rest > half || rest == half && (m >>> drop & 1) != 0 ? 1 : 0;
            }
            case DOWN -> negative ? 1 : 0;
            case UP -> negative ? 0 : 1;
            default -> 0;
        };
    }

    /** Rounds an unpacked number that is not zero. */
    long roundPack(boolean negative, int e, long m, int p) {
        if (e < minExponent(p)) {
            return roundTiny(negative, e, m, p);
        }
        int drop = 64 - p;
        boolean inexact = (m & (1L << drop) - 1) != 0;
        long kept = (m >>> drop) + increment(m, drop, negative, rounding());
        // The hidden bit adds one to the exponent field, a carry out of the significand another.
        int field = e - minExponent(p);
        if (field + (kept >>> p - 1) >= maxField(p)) {
            return overflow(negative, inexact, p);
        }
        raised |= inexact ? PE : 0;
        return ((long) field << p - 1) + kept | zero(negative, p);
    }

    private long overflow(boolean negative, boolean inexact, int p) {
        boolean masked = (mxcsr & OE << 7) != 0;
        raised |= OE | (inexact || masked ? PE : 0);
        boolean toInfinity =
                switch (rounding()) {
                    case NEAREST -> true;
                    case DOWN -> negative;
                    case UP -> !negative;
                    default -> false;
                };
        return toInfinity ? infinity(negative, p) : infinity(negative, p) - 1;
    }

    /** Tininess is detected after rounding: SDM Vol. 1 "Numeric Underflow Exception". */
    private long roundTiny(boolean negative, int e, long m, int p) {
        int drop = 64 - p;
        int rounding = rounding();
        boolean becomesNormal =
                e == minExponent(p) - 1
                        && (m >>> drop) + increment(m, drop, negative, rounding) == 1L << p;
        boolean masked = (mxcsr & UM) != 0;
        if (!becomesNormal && masked && (mxcsr & FTZ) != 0) {
            raised |= UE | PE;
            return zero(negative, p);
        }
        long shifted = shiftRightJam(m, minExponent(p) - e);
        boolean inexact = (shifted & (1L << drop) - 1) != 0;
        if (!becomesNormal && (inexact || !masked)) {
            raised |= UE;
        }
        raised |= inexact ? PE : 0;
        long kept = (shifted >>> drop) + increment(shifted, drop, negative, rounding);
        return kept | zero(negative, p);
    }

    // ---- operands

    long daz(long a, int p) {
        return (mxcsr & DAZ) != 0 && field(a, p) == 0 ? a & signBit(p) : a;
    }

    long invalid(int p) {
        raised |= IE;
        return indefinite(p);
    }

    /** SDM Vol. 1 "Rules for handling NaNs": the first source if it is a NaN, made quiet. */
    long propagate(long a, long b, int p) {
        if (isSignaling(a, p) || isSignaling(b, p)) {
            raised |= IE;
        }
        return quiet(isNan(a, p) ? a : b, p);
    }

    void noteDenormals(long a, long b, int p) {
        if (isDenormal(a, p) || isDenormal(b, p)) {
            raised |= DE;
        }
    }

    // ---- arithmetic

    long add(long x, long y, boolean subtract, int p) {
        long a = daz(x, p);
        long b = daz(y, p);
        if (isNan(a, p) || isNan(b, p)) {
            return propagate(a, b, p);
        }
        b ^= subtract ? signBit(p) : 0;
        if (isInfinite(a, p) && isInfinite(b, p) && a != b) {
            return invalid(p);
        }
        noteDenormals(a, b, p);
        if (isInfinite(a, p)) {
            return a;
        }
        if (isInfinite(b, p)) {
            return b;
        }
        if (isZero(a, p) && isZero(b, p)) {
            return a == b ? a : zero(rounding() == DOWN, p);
        }
        if (isZero(a, p)) {
            return roundPack(negative(b, p), exponent(b, p), significand(b, p), p);
        }
        if (isZero(b, p)) {
            return roundPack(negative(a, p), exponent(a, p), significand(a, p), p);
        }
        boolean aLarger = Long.compareUnsigned(a & ~signBit(p), b & ~signBit(p)) >= 0;
        return aLarger ? addMagnitudes(a, b, p) : addMagnitudes(b, a, p);
    }

    /** Sum of finite numbers, the first not smaller than the second. */
    private long addMagnitudes(long a, long b, int p) {
        int e = exponent(a, p);
        long ma = significand(a, p) >>> 1;
        long mb = shiftRightJam(significand(b, p) >>> 1, e - exponent(b, p));
        boolean negative = negative(a, p);
        long m = negative == negative(b, p) ? ma + mb : ma - mb;
        if (m == 0) {
            return zero(rounding() == DOWN, p);
        }
        int shift = Long.numberOfLeadingZeros(m);
        return roundPack(negative, e + 1 - shift, m << shift, p);
    }

    long multiply(long x, long y, int p) {
        long a = daz(x, p);
        long b = daz(y, p);
        if (isNan(a, p) || isNan(b, p)) {
            return propagate(a, b, p);
        }
        boolean negative = negative(a ^ b, p);
        boolean infinite = isInfinite(a, p) || isInfinite(b, p);
        boolean zero = isZero(a, p) || isZero(b, p);
        if (infinite && zero) {
            return invalid(p);
        }
        noteDenormals(a, b, p);
        if (infinite || zero) {
            return infinite ? infinity(negative, p) : zero(negative, p);
        }
        long ma = significand(a, p);
        long mb = significand(b, p);
        int e = exponent(a, p) + exponent(b, p);
        long high = Math.unsignedMultiplyHigh(ma, mb);
        long low = ma * mb;
        if (high < 0) {
            return roundPack(negative, e + 1, high | (low != 0 ? 1 : 0), p);
        }
        return roundPack(negative, e, high << 1 | low >>> 63 | (low << 1 != 0 ? 1 : 0), p);
    }

    long divide(long x, long y, int p) {
        long a = daz(x, p);
        long b = daz(y, p);
        if (isNan(a, p) || isNan(b, p)) {
            return propagate(a, b, p);
        }
        boolean negative = negative(a ^ b, p);
        boolean bothInfinite = isInfinite(a, p) && isInfinite(b, p);
        if (bothInfinite || isZero(a, p) && isZero(b, p)) {
            return invalid(p);
        }
        if (isZero(b, p)) {
            raised |= isInfinite(a, p) ? 0 : ZE;
            return infinity(negative, p);
        }
        noteDenormals(a, b, p);
        if (isInfinite(a, p)) {
            return infinity(negative, p);
        }
        if (isInfinite(b, p) || isZero(a, p)) {
            return zero(negative, p);
        }
        return divideFinite(a, b, negative, p);
    }

    private long divideFinite(long a, long b, boolean negative, int p) {
        int e = exponent(a, p) - exponent(b, p);
        long rest = significand(a, p);
        long divisor = significand(b, p);
        boolean carry = false;
        if (Long.compareUnsigned(rest, divisor) < 0) {
            e--;
            carry = true;
            rest <<= 1;
        }
        long quotient = 0;
        for (int i = 0; i < 64; i++) {
            quotient <<= 1;
            if (carry || Long.compareUnsigned(rest, divisor) >= 0) {
                rest -= divisor;
                quotient |= 1;
            }
            carry = rest < 0;
            rest <<= 1;
        }
        return roundPack(negative, e, quotient | (rest != 0 || carry ? 1 : 0), p);
    }

    long squareRoot(long x, int p) {
        long a = daz(x, p);
        if (isNan(a, p)) {
            return propagate(a, a, p);
        }
        if (isZero(a, p)) {
            return a;
        }
        if (negative(a, p)) {
            return invalid(p);
        }
        if (isInfinite(a, p)) {
            return a;
        }
        noteDenormals(a, a, p);
        int e = exponent(a, p);
        // Scaled into [1, 4) it is a double; its rounded root and the residual's sign tell all.
        double scaled = Math.scalb((double) (significand(a, p) >>> 11), (e & 1) - 52);
        double root = Math.sqrt(scaled);
        double residual = Math.fma(-root, root, scaled);
        long bits = Double.doubleToRawLongBits(root);
        long m = significand(bits, DOUBLE) + (residual > 0 ? 1 : 0);
        int exponent = (e >> 1) + exponent(bits, DOUBLE);
        if (residual < 0) {
            m = (m >>> 1) - 1;
            exponent++;
            int shift = Long.numberOfLeadingZeros(m);
            m = m << shift | 1;
            exponent -= shift;
        }
        return roundPack(false, exponent, m, p);
    }

    // ---- comparison

    /** Less -1, equal 0, greater 1 of numbers that are not NaN. */
    static int order(long a, long b, int p) {
        if (isZero(a, p) && isZero(b, p)) {
            return 0;
        }
        if (negative(a, p) != negative(b, p)) {
            return negative(a, p) ? -1 : 1;
        }
        int magnitudes = Long.compareUnsigned(a, b);
        return negative(a, p) ? -magnitudes : magnitudes;
    }

    /** MINxx, MAXxx: the second operand where they are equal or one is a NaN. */
    long minMax(long x, long y, boolean max, int p) {
        long a = daz(x, p);
        long b = daz(y, p);
        if (isNan(a, p) || isNan(b, p)) {
            raised |= IE;
            return b;
        }
        noteDenormals(a, b, p);
        int order = order(a, b, p);
        return (max ? order > 0 : order < 0) ? a : b;
    }

    /** CMPxx: predicates 0 to 7 are EQ LT LE UNORD NEQ NLT NLE ORD. */
    boolean compare(long x, long y, int predicate, int p) {
        long a = daz(x, p);
        long b = daz(y, p);
        boolean negate = (predicate & 4) != 0;
        if (isNan(a, p) || isNan(b, p)) {
            boolean signaling = (predicate & 3) == 1 || (predicate & 3) == 2;
            if (signaling || isSignaling(a, p) || isSignaling(b, p)) {
                raised |= IE;
            }
            return (predicate & 3) == 3 ^ negate;
        }
        noteDenormals(a, b, p);
        int order = order(a, b, p);
        boolean holds =
                switch (predicate & 3) {
                    case 0 -> order == 0;
                    case 1 -> order < 0;
                    case 2 -> order <= 0;
                    default -> false;
                };
        return holds ^ negate;
    }

    /** COMISx, UCOMISx: ZF, PF and CF as RFLAGS bits. */
    int compareFlags(long x, long y, boolean signaling, int p) {
        long a = daz(x, p);
        long b = daz(y, p);
        if (isNan(a, p) || isNan(b, p)) {
            if (signaling || isSignaling(a, p) || isSignaling(b, p)) {
                raised |= IE;
            }
            return 0x45;
        }
        noteDenormals(a, b, p);
        int order = order(a, b, p);
        return order > 0 ? 0 : order < 0 ? 1 : 0x40;
    }

    // ---- conversion

    long fromInteger(long value, int p) {
        if (value == 0) {
            return 0;
        }
        long m = Math.abs(value);
        int shift = Long.numberOfLeadingZeros(m);
        return roundPack(value < 0, 63 - shift, m << shift, p);
    }

    /** To a signed integer of 32 or 64 bits; the integer indefinite if it does not fit. */
    long toInteger(long x, int rounding, int bits, int p) {
        long a = daz(x, p);
        long indefinite = bits == 64 ? Long.MIN_VALUE : 0x8000_0000L;
        if (isZero(a, p)) {
            return 0;
        }
        int e = exponent(a, p);
        if (field(a, p) == maxField(p) || e >= bits) {
            raised |= IE;
            return indefinite;
        }
        boolean negative = negative(a, p);
        long m = significand(a, p);
        // Above the point, the half bit below it, and whether there is anything below that.
        long magnitude = e < 0 ? 0 : m >>> 63 - e;
        boolean half = e >= -1 && e < 63 && (m >>> 62 - e & 1) != 0;
        boolean below = e < -1 || e < 62 && m << e + 2 != 0;
        boolean up =
                switch (rounding) {
                    case NEAREST -> half && (below || (magnitude & 1) != 0);
                    case DOWN -> negative && (half || below);
                    case UP -> !negative && (half || below);
                    default -> false;
                };
        magnitude += up ? 1 : 0;
        int fits = Long.compareUnsigned(magnitude, 1L << bits - 1);
        if (negative ? fits > 0 : fits >= 0) {
            raised |= IE;
            return indefinite;
        }
        raised |= half || below ? PE : 0;
        return negative ? -magnitude : magnitude;
    }

    long singleToDouble(long x) {
        long a = daz(x, SINGLE);
        if (isNan(a, SINGLE)) {
            raised |= isSignaling(a, SINGLE) ? IE : 0;
            long payload = fraction(a, SINGLE) << 29;
            return quiet(infinity(negative(a, SINGLE), DOUBLE) | payload, DOUBLE);
        }
        noteDenormals(a, a, SINGLE);
        return Double.doubleToRawLongBits(Float.intBitsToFloat((int) a));
    }

    long doubleToSingle(long x) {
        long a = daz(x, DOUBLE);
        boolean negative = negative(a, DOUBLE);
        if (isNan(a, DOUBLE)) {
            raised |= isSignaling(a, DOUBLE) ? IE : 0;
            return quiet(infinity(negative, SINGLE) | fraction(a, DOUBLE) >>> 29, SINGLE);
        }
        if (isInfinite(a, DOUBLE) || isZero(a, DOUBLE)) {
            return isZero(a, DOUBLE) ? zero(negative, SINGLE) : infinity(negative, SINGLE);
        }
        noteDenormals(a, a, DOUBLE);
        return roundPack(negative, exponent(a, DOUBLE), significand(a, DOUBLE), SINGLE);
    }

    /** ROUNDxx: to an integral value; {@code imm} as the instruction has it. */
    long roundToIntegral(long x, int imm, int p) {
        long a = daz(x, p);
        if (isNan(a, p)) {
            return propagate(a, a, p);
        }
        int e = isZero(a, p) ? 0 : exponent(a, p);
        if (isZero(a, p) || e >= p - 1) {
            return a;
        }
        boolean negative = negative(a, p);
        int rounding = (imm & 4) != 0 ? rounding() : imm & 3;
        int before = raised;
        raised = 0;
        long integer = toInteger(a, rounding, 64, p);
        raised = before | ((imm & 8) == 0 ? raised & PE : 0);
        if (integer == 0) {
            return zero(negative, p);
        }
        // At most p bits: exact.
        return fromInteger(integer, p);
    }
}
