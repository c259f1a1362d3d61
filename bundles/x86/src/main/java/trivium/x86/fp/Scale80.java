package trivium.x86.fp;

import static trivium.x86.fp.Float80.BIAS;
import static trivium.x86.fp.Float80.EXPONENT;
import static trivium.x86.fp.Float80.INTEGER_BIT;
import static trivium.x86.fp.Float80.SIGN;
import static trivium.x86.fp.Float80.isDenormal;
import static trivium.x86.fp.Float80.isInfinity;
import static trivium.x86.fp.Float80.isZero;
import static trivium.x86.fp.Float80.normalized;
import static trivium.x86.fp.Float80.normalizedExponent;
import static trivium.x86.fp.FpuContext.C0;
import static trivium.x86.fp.FpuContext.C1;
import static trivium.x86.fp.FpuContext.C2;
import static trivium.x86.fp.FpuContext.C3;
import static trivium.x86.fp.FpuContext.PE;
import static trivium.x86.fp.FpuContext.ZE;

/**
 * FPREM, FPREM1, FSCALE, FXTRACT and FRNDINT. Where FPREM cannot finish (exponents 64 or more
 * apart) it reduces by 32 to 63 bits, as many as leave a multiple of 32 to go.
 */
public final class Scale80 {
    private Scale80() {}

    /**
     * The partial remainder of {@code a / b}, with C2 in {@code conditions} if it is not the last
     * one, else the quotient's low bits in C0 (bit 2), C3 (bit 1) and C1 (bit 0; in {@code flags}).
     *
     * @param nearest FPREM1: the quotient is rounded to nearest, else FPREM: it is truncated
     * @return whether a remainder was taken; if not, C0 and C3 stay as they were
     */
    public static boolean remainder(
            FpuContext c, long am, int ase, long bm, int bse, boolean nearest) {
        c.conditions = 0;
        if (Float80.refuses(c, am, ase, bm, bse)) {
            return false;
        }
        if (isInfinity(am, ase) || isZero(bm, bse)) {
            c.invalid();
            return false;
        }
        if ((isDenormal(am, ase) || isDenormal(bm, bse)) && c.denormalAborts()) {
            return false;
        }
        if (isZero(am, ase)) {
            c.set(ase, am);
        } else {
            reduce(c, am, ase, bm, bse, nearest);
        }
        return true;
    }

    private static void reduce(FpuContext c, long am, int ase, long bm, int bse, boolean nearest) {
        int ea = normalizedExponent(am, ase), sign = ase & SIGN;
        int d = isInfinity(bm, bse) ? -2 : ea - normalizedExponent(bm, bse);
        long a = normalized(am), b = normalized(bm);
        if (d < -1 || d < 0 && !nearest) {
            pack(c, sign, ea, a);
            return;
        }
        int n = d < 64 ? d : d & 31 | 32;
        long q = 0, r = a;
        if (d >= 0) {
            long first = Long.compareUnsigned(a, b) >= 0 ? 1 : 0;
            r = a - first * b;
            q = n < 64 ? first << n : 0;
            if (n > 0) {
                long low = r << n, more = Arith80.divide(r >>> -n, low, b);
                r = low - more * b;
                q |= more;
            }
        }
        if (n != d) {
            c.conditions = C2;
            pack(c, sign, ea - n, r);
        } else if (nearest) {
            nearest(c, sign, ea - d, d < 0, r, b, q);
        } else {
            quotient(c, q);
            pack(c, sign, ea - d, r);
        }
    }

    /**
     * @param half the remainder is in units of half those of {@code b}: the quotient is below one
     */
    private static void nearest(
            FpuContext c, int sign, int e, boolean half, long r, long b, long q) {
        // Compare r with b / 2 without losing a bit.
        int order = half ? Long.compareUnsigned(r, b) : r < 0 ? 1 : Long.compareUnsigned(r << 1, b);
        if (order < 0 || order == 0 && (q & 1) == 0) {
            quotient(c, q);
            pack(c, sign, half ? e - 1 : e, r);
            return;
        }
        quotient(c, q + 1);
        if (half) {
            // 2b - r, where r is in [b, 2b)
            long rest = b - (r - b);
            pack(c, sign ^ SIGN, e - 1, rest);
        } else {
            pack(c, sign ^ SIGN, e, b - r);
        }
    }

    private static void quotient(FpuContext c, long q) {
        c.conditions = ((q & 4) != 0 ? C0 : 0) | ((q & 2) != 0 ? C3 : 0);
        c.flags |= (q & 1) != 0 ? C1 : 0;
    }

    private static void pack(FpuContext c, int sign, int e, long m) {
        if (m == 0) {
            c.set(sign, 0);
        } else {
            int n = Long.numberOfLeadingZeros(m);
            Round80.round(c, sign, e - n, m << n, 0, 64);
        }
    }

    /** {@code a × 2^trunc(b)}. */
    public static void scale(FpuContext c, long am, int ase, long bm, int bse) {
        if (Float80.refuses(c, am, ase, bm, bse)) {
            return;
        }
        boolean up = (bse & SIGN) == 0;
        boolean bInfinite = isInfinity(bm, bse);
        if (bInfinite && (up ? isZero(am, ase) : isInfinity(am, ase))) {
            c.invalid();
        } else if ((isDenormal(am, ase) || isDenormal(bm, bse)) && c.denormalAborts()) {
            return;
        } else if (isInfinity(am, ase) || isZero(am, ase)) {
            c.set(ase, am);
        } else if (bInfinite) {
            c.set(ase & SIGN | (up ? EXPONENT : 0), up ? INTEGER_BIT : 0);
        } else {
            int e = normalizedExponent(am, ase) + shift(bm, bse);
            Round80.round(c, ase & SIGN, e, normalized(am), 0, 64);
        }
    }

    /** The integer part, saturated far beyond any exponent. */
    private static int shift(long m, int se) {
        int e = (se & EXPONENT) - BIAS;
        if (e < 0) {
            return 0;
        }
        int n = e > 20 ? 1 << 20 : (int) (m >>> 63 - e);
        return (se & SIGN) != 0 ? -n : n;
    }

    /** Sets the result to the exponent and the second result, to be pushed, to the significand. */
    public static void extract(FpuContext c, long m, int se) {
        if (Float80.refuses(c, m, se)) {
            c.set2(c.signExponent, c.mantissa);
        } else if (isZero(m, se)) {
            c.flags |= ZE;
            c.set(SIGN | EXPONENT, INTEGER_BIT);
            c.set2(se, m);
        } else if (isInfinity(m, se)) {
            c.set(EXPONENT, INTEGER_BIT);
            c.set2(se, m);
        } else if (!isDenormal(m, se) || !c.denormalAborts()) {
            Convert80.fromInteger(c, normalizedExponent(m, se) - BIAS);
            c.set2(se & SIGN | BIAS, normalized(m));
        }
    }

    /** FRNDINT. */
    public static void roundToInteger(FpuContext c, long m, int se) {
        if (Float80.refuses(c, m, se)) {
            return;
        }
        int e = (se & EXPONENT) - BIAS;
        if (isZero(m, se) || e >= 63) {
            c.set(se, m);
        } else if (!isDenormal(m, se) || !c.denormalAborts()) {
            roundFinite(c, m, se, e);
        }
    }

    private static void roundFinite(FpuContext c, long m, int se, int e) {
        int sign = se & SIGN;
        long fraction = e >= 0 ? m << e + 1 : e == -1 ? m : 1;
        long whole = e >= 0 ? m >>> 63 - e : 0;
        boolean up = Round80.roundsUp(c.rounding(), sign, (whole & 1) != 0, fraction);
        if (fraction != 0) {
            c.flags |= up ? PE | C1 : PE;
        }
        whole += up ? 1 : 0;
        if (whole == 0) {
            c.set(sign, 0);
        } else {
            int n = Long.numberOfLeadingZeros(whole);
            c.set(sign | BIAS + 63 - n, whole << n);
        }
    }
}
