package trivium.x86.fp;

import static trivium.x86.fp.Float80.BIAS;
import static trivium.x86.fp.Float80.EXPONENT;
import static trivium.x86.fp.Float80.INTEGER_BIT;
import static trivium.x86.fp.Float80.SIGN;
import static trivium.x86.fp.Float80.isDenormal;
import static trivium.x86.fp.Float80.isInfinity;
import static trivium.x86.fp.Float80.isZero;
import static trivium.x86.fp.FpuContext.C2;

/**
 * FSIN, FCOS, FSINCOS, FPTAN and FPATAN. Arguments are reduced exactly by a pi of 66 bits, as the
 * hardware does (SDM Vol. 1 "Approximation of Pi"); series in 128 bits; one rounding.
 *
 * <p>Measured deviation: none from the correctly rounded result in 24,000 random arguments against
 * 400-bit arithmetic (the pi of 66 bits given). From an AMD EPYC: one unit of the last place in
 * 0.4% (FSIN, FCOS, FSINCOS), 1.5% (FPATAN) and 1.8% (FPTAN to nearest; 8% in the directed modes),
 * never more in 1.5 million cases; from the Intel CPU of the vectors in 1 of 343. C1 and, for
 * results that are exact, PE may differ.
 */
public final class Trig80 {
    /** pi / 2 in units of 2^-65: 66 bits. */
    private static final long HALF_PI_HIGH = 3, HALF_PI_LOW = 0x243F_6A88_85A3_08D3L;

    private static final long HALF_PI_TOP = HALF_PI_HIGH << 62 | HALF_PI_LOW >>> 2;

    private Trig80() {}

    public static void sin(FpuContext c, long m, int se) {
        if (begins(c, m, se)) {
            if (m == 0) {
                c.set(se, m);
            } else {
                sine(c, reduce(c, m, se)).round(c, false);
            }
        }
    }

    public static void cos(FpuContext c, long m, int se) {
        if (begins(c, m, se)) {
            if (m == 0) {
                c.set(BIAS, INTEGER_BIT);
            } else {
                sine(c, reduce(c, m, se) + 1).round(c, false);
            }
        }
    }

    /** The sine, and as second result the cosine. */
    public static void sincos(FpuContext c, long m, int se) {
        if (!begins(c, m, se)) {
            c.set2(c.signExponent, c.mantissa);
        } else if (m == 0) {
            c.set(se, m);
            c.set2(BIAS, INTEGER_BIT);
        } else {
            int quadrant = reduce(c, m, se);
            sine(c, quadrant + 1).round(c, false);
            int roundedUp = c.flags & FpuContext.C1;
            c.flags &= ~FpuContext.C1;
            c.set2(c.signExponent, c.mantissa);
            sine(c, quadrant).round(c, false);
            c.flags |= roundedUp;
        }
    }

    /** The tangent, and as second result 1.0. */
    public static void tan(FpuContext c, long m, int se) {
        if (!begins(c, m, se)) {
            c.set2(c.signExponent, c.mantissa);
            return;
        }
        c.set2(BIAS, INTEGER_BIT);
        if (m == 0) {
            c.set(se, m);
            return;
        }
        int quadrant = reduce(c, m, se);
        Wide sine = c.w3.set(sine(c, quadrant)), cosine = sine(c, quadrant + 1);
        sine.div(sine, cosine).round(c, false);
    }

    /** Deals with what has no sine: NaN, infinity, out of range (C2, and the operand stays). */
    private static boolean begins(FpuContext c, long m, int se) {
        c.conditions = 0;
        if (Float80.refuses(c, m, se)) {
            return false;
        }
        if (isInfinity(m, se)) {
            c.invalid();
            return false;
        }
        if ((se & EXPONENT) >= BIAS + 63) {
            c.conditions = C2;
            c.set(se, m);
            return false;
        }
        return !isDenormal(m, se) || !c.denormalAborts();
    }

    /** Leaves a remainder of at most pi/4 in w0, and its square in w1; returns the quadrant. */
    private static int reduce(FpuContext c, long m, int se) {
        Wide r = c.w0.set(m, se);
        int quadrant = 0, shift = r.exponent + 2;
        if (shift >= 0) {
            long hi = shift == 64 ? r.hi : shift == 0 ? 0 : r.hi >>> -shift;
            long lo = shift == 64 ? 0 : r.hi << shift;
            quadrant = remainder(r, hi, lo);
        }
        c.w1.mul(r, r);
        return quadrant;
    }

    /**
     * {@code hi.lo} is |x| in units of 2^-65. The estimate of the quotient is at most 1 too big.
     */
    private static int remainder(Wide r, long hi, long lo) {
        long q = Arith80.divide(hi >>> 2, hi << 62 | lo >>> 2, HALF_PI_TOP);
        long pl = q * HALF_PI_LOW;
        long ph = Math.unsignedMultiplyHigh(q, HALF_PI_LOW) + q * HALF_PI_HIGH;
        long rl = lo - pl, rh = hi - ph - (Long.compareUnsigned(lo, pl) < 0 ? 1 : 0);
        boolean backwards = r.negative, negative = backwards;
        if (rh < 0) {
            q--;
            rl += HALF_PI_LOW;
            rh += HALF_PI_HIGH + (Long.compareUnsigned(rl, HALF_PI_LOW) < 0 ? 1 : 0);
        }
        // more than half of pi/2: the next quadrant, from above
        if (Long.compareUnsigned(rh << 62 | rl >>> 2, HALF_PI_TOP >>> 1) >= 0) {
            q++;
            rh = HALF_PI_HIGH - rh - (Long.compareUnsigned(HALF_PI_LOW, rl) < 0 ? 1 : 0);
            rl = HALF_PI_LOW - rl;
            negative = !negative;
        }
        int n = rh != 0 ? Long.numberOfLeadingZeros(rh) : 64 + Long.numberOfLeadingZeros(rl);
        long top = n >= 64 ? rl << n : rh << n | rl >>> -n;
        r.set(negative, top, n >= 64 ? 0 : rl << n, 127 - n - 65);
        return backwards ? (int) -q : (int) q;
    }

    /** The sine of the angle reduced, {@code quadrant} quarter turns further. In w2. */
    private static Wide sine(FpuContext c, int quadrant) {
        Wide s = c.w2;
        if ((quadrant & 1) != 0) {
            s.series(WideTables.COS, c.w1, true);
        } else {
            s.series(WideTables.SIN, c.w1, true);
            s.mul(s, c.w0);
        }
        return (quadrant & 2) != 0 ? s.negate() : s;
    }

    /** {@code atan2(b, a)}: of ST1 / ST0 with the quadrant by the signs. */
    public static void atan(FpuContext c, long am, int ase, long bm, int bse) {
        if (Float80.refuses(c, am, ase, bm, bse)) {
            return;
        }
        if ((isDenormal(am, ase) || isDenormal(bm, bse)) && c.denormalAborts()) {
            return;
        }
        boolean back = (ase & SIGN) != 0;
        if (isInfinity(am, ase) || isInfinity(bm, bse)) {
            atanInfinite(c, isInfinity(am, ase), back, isInfinity(bm, bse), bse);
        } else if (isZero(bm, bse)) {
            atanFixed(c, back ? 4 : 0, bse);
        } else if (isZero(am, ase)) {
            atanFixed(c, 2, bse);
        } else {
            atanFinite(c, am, ase, bm, bse);
        }
    }

    private static void atanInfinite(
            FpuContext c, boolean aInfinite, boolean back, boolean bInfinite, int bse) {
        if (!aInfinite) {
            atanFixed(c, 2, bse);
        } else if (bInfinite) {
            atanFixed(c, back ? 3 : 1, bse);
        } else {
            atanFixed(c, back ? 4 : 0, bse);
        }
    }

    private static void atanFixed(FpuContext c, int eighths, int sign) {
        if (eighths == 0) {
            c.set(sign & SIGN, 0);
            return;
        }
        Wide w = c.w0.setInteger(eighths);
        w.mul(w, WideTables.PI).scale(-2);
        w.negative = (sign & SIGN) != 0;
        w.round(c, false);
    }

    private static void atanFinite(FpuContext c, long am, int ase, long bm, int bse) {
        Wide x = c.w0.set(am, ase), y = c.w1.set(bm, bse), t = c.w2;
        boolean back = x.negative, down = y.negative;
        x.negative = y.negative = false;
        boolean steep =
                y.exponent != x.exponent
                        ? y.exponent > x.exponent
                        : Long.compareUnsigned(y.hi, x.hi) > 0;
        t.div(steep ? x : y, steep ? y : x);
        arcTangent(c, t);
        if (steep) {
            t.add(x.set(WideTables.PI).scale(-1), t.negate());
        }
        if (back) {
            t.add(WideTables.PI, t.negate());
        }
        t.negative = down;
        t.round(c, false);
    }

    /** Replaces t, 0 < t ≤ 1, by its arc tangent; uses w0, w1, w3. */
    private static void arcTangent(FpuContext c, Wide t) {
        int i = t.exponent < -6 ? 0 : (int) ((t.hi >>> 57 - t.exponent) + 1 >> 1);
        Wide u = c.w3;
        if (i != 0) {
            // atan t = atan k + atan((t - k) / (1 + t k)), k = i/32
            Wide k = c.w0.setInteger(i).scale(-5);
            u.mul(t, k);
            u.add(u, c.w1.setInteger(1));
            t.add(t, k.negate());
            t.div(t, u);
        }
        if (!t.isZero()) {
            c.w1.mul(t, t);
            u.series(WideTables.ATAN, c.w1, true);
            t.mul(t, u);
        }
        t.add(t, WideTables.ATAN_TABLE[i]);
    }
}
