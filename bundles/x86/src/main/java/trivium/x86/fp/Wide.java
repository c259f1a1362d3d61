package trivium.x86.fp;

/**
 * A mutable number of 128 significant bits, {@code ±hi.lo × 2^(exponent - 127)}: what the
 * transcendental functions compute in before they round once. The top bit of {@code hi} is set, or
 * the value is zero. Operations truncate, with errors of a few units of the last place; the
 * receiver takes the result and may be one of the operands.
 */
final class Wide {
    boolean negative;
    long hi, lo;
    int exponent;

    Wide set(Wide o) {
        return set(o.negative, o.hi, o.lo, o.exponent);
    }

    Wide set(boolean negative, long hi, long lo, int exponent) {
        this.negative = negative;
        this.hi = hi;
        this.lo = lo;
        this.exponent = exponent;
        return this;
    }

    /** A finite extended number; denormals are normalized. */
    Wide set(long m, int se) {
        return set(
                (se & Float80.SIGN) != 0,
                m == 0 ? 0 : Float80.normalized(m),
                0,
                Float80.normalizedExponent(m, se) - Float80.BIAS);
    }

    Wide setInteger(long n) {
        long m = Math.abs(n);
        return set(n < 0, m == 0 ? 0 : Float80.normalized(m), 0, 63 - Long.numberOfLeadingZeros(m));
    }

    boolean isZero() {
        return hi == 0;
    }

    Wide negate() {
        negative = !negative;
        return this;
    }

    Wide scale(int powerOfTwo) {
        exponent += powerOfTwo;
        return this;
    }

    private Wide normalize() {
        if (hi == 0) {
            hi = lo;
            lo = 0;
            exponent -= 64;
        }
        if (hi > 0) {
            int n = Long.numberOfLeadingZeros(hi);
            hi = hi << n | lo >>> -n;
            lo <<= n;
            exponent -= n;
        }
        return this;
    }

    Wide mul(Wide a, Wide b) {
        negative = a.negative ^ b.negative;
        exponent = a.exponent + b.exponent + 1;
        multiply(a.hi, a.lo, b.hi, b.lo);
        return normalize();
    }

    /** The upper 128 bits of the product, less the least of the partial products. */
    private void multiply(long ah, long al, long bh, long bl) {
        long high = Math.unsignedMultiplyHigh(ah, bh), low = ah * bh;
        long s = low + Math.unsignedMultiplyHigh(ah, bl);
        high += Long.compareUnsigned(s, low) < 0 ? 1 : 0;
        long t = s + Math.unsignedMultiplyHigh(al, bh);
        high += Long.compareUnsigned(t, s) < 0 ? 1 : 0;
        hi = high;
        lo = t;
    }

    /** {@code a / b}, by one Newton step from a 64-bit reciprocal. {@code b} is not zero. */
    Wide div(Wide a, Wide b) {
        int e = a.exponent - b.exponent;
        boolean sign = a.negative ^ b.negative;
        if (b.hi == Long.MIN_VALUE && b.lo == 0) {
            return set(sign, a.hi, a.lo, e);
        }
        // x = floor((2^127 - 1) / b.hi): 1 / b in units of 2^-64; p = b x near 2^127
        long x = Arith80.divide(Long.MAX_VALUE, -1, b.hi);
        long low = b.hi * x, p = low + Math.unsignedMultiplyHigh(b.lo, x);
        long pHigh =
                Math.unsignedMultiplyHigh(b.hi, x) + (Long.compareUnsigned(p, low) < 0 ? 1 : 0);
        boolean over = pHigh < 0;
        long error = over ? p : -p;
        long ch = Math.unsignedMultiplyHigh(x, error);
        long correction = ch << 1 | x * error >>> 63, carry = ch >>> 63;
        long rh = over ? x - carry - (correction != 0 ? 1 : 0) : x + carry;
        long rl = over ? -correction : correction;
        if (!over && Long.compareUnsigned(rh, x) < 0) {
            rh = rl = -1; // 1 / b cannot reach one
        }
        negative = sign;
        exponent = e;
        multiply(a.hi, a.lo, rh, rl);
        return normalize();
    }

    Wide add(Wide a, Wide b) {
        if (b.isZero()) {
            return set(a);
        }
        if (a.isZero() || a.exponent < b.exponent || a.exponent == b.exponent && less(a, b)) {
            return a.isZero() ? set(b) : addOrdered(b, a);
        }
        return addOrdered(a, b);
    }

    private static boolean less(Wide a, Wide b) {
        int order = Long.compareUnsigned(a.hi, b.hi);
        return order < 0 || order == 0 && Long.compareUnsigned(a.lo, b.lo) < 0;
    }

    /** The sum of numbers that are not zero, the first not smaller in magnitude. */
    private Wide addOrdered(Wide a, Wide b) {
        int d = a.exponent - b.exponent;
        if (d > 127) {
            return set(a);
        }
        long bh = d == 0 ? b.hi : d > 63 ? 0 : b.hi >>> d;
        long bl = d == 0 ? b.lo : d > 63 ? b.hi >>> d : b.hi << -d | b.lo >>> d;
        boolean subtract = a.negative != b.negative;
        set(a);
        if (subtract) {
            long low = lo - bl;
            hi -= bh + (Long.compareUnsigned(lo, bl) < 0 ? 1 : 0);
            lo = low;
            return normalize();
        }
        lo += bl;
        long carry = Long.compareUnsigned(lo, bl) < 0 ? 1 : 0;
        long sum = hi + bh;
        boolean out = Long.compareUnsigned(sum, bh) < 0;
        hi = sum + carry;
        out |= carry != 0 && hi == 0;
        if (out) {
            lo = hi << 63 | lo >>> 1;
            hi = hi >>> 1 | Long.MIN_VALUE;
            exponent++;
        }
        return this;
    }

    /**
     * {@code 1 ± x (c0 ± x (c1 ± …))} in fixed point, {@code x} being a magnitude below one.
     *
     * @param c fractions of 128 bits, high and low words in turn
     */
    Wide series(long[] c, Wide x, boolean alternating) {
        int shift = -1 - x.exponent;
        long xh = shift > 63 ? 0 : x.hi >>> shift;
        long xl = shift == 0 ? x.lo : Round80.shiftLow(x.hi, x.lo, shift);
        hi = lo = 0;
        for (int i = c.length - 2; i >= 0; i -= 2) {
            accumulate(c[i], c[i + 1], alternating);
            multiply(hi, lo, xh, xl);
        }
        negative = false;
        return alternating ? oneMinus() : onePlus();
    }

    /** {@code this = c - this}, or {@code c + this}. */
    private void accumulate(long ch, long cl, boolean subtract) {
        if (subtract) {
            hi = ch - hi - (Long.compareUnsigned(cl, lo) < 0 ? 1 : 0);
            lo = cl - lo;
        } else {
            lo += cl;
            hi += ch + (Long.compareUnsigned(lo, cl) < 0 ? 1 : 0);
        }
    }

    /** Below one in any case: no series here is ever exactly one. */
    private Wide oneMinus() {
        if ((hi | lo) == 0) {
            lo = 1;
        }
        hi = -hi - (lo != 0 ? 1 : 0);
        lo = -lo;
        exponent = -1;
        return normalize();
    }

    private Wide onePlus() {
        lo = hi << 63 | lo >>> 1 | 1;
        hi = hi >>> 1 | Long.MIN_VALUE;
        exponent = 0;
        return this;
    }

    /** Makes this the result, rounded as RC says to 64 bits whatever PC says. */
    void round(FpuContext c, boolean exact) {
        int sign = negative ? Float80.SIGN : 0;
        Round80.round(c, sign, exponent + Float80.BIAS, hi, exact ? lo : lo | 1, 64);
    }
}
