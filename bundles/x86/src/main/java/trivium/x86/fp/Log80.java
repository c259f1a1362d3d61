package trivium.x86.fp;

import static trivium.x86.fp.Float80.BIAS;
import static trivium.x86.fp.Float80.EXPONENT;
import static trivium.x86.fp.Float80.INTEGER_BIT;
import static trivium.x86.fp.Float80.SIGN;
import static trivium.x86.fp.Float80.isDenormal;
import static trivium.x86.fp.Float80.isInfinity;
import static trivium.x86.fp.Float80.isZero;
import static trivium.x86.fp.FpuContext.PE;
import static trivium.x86.fp.FpuContext.ZE;

/**
 * F2XM1, FYL2X and FYL2XP1, in 128 bits with one rounding.
 *
 * <p>Measured deviation: none from the correctly rounded result in 18,000 random arguments against
 * 400-bit arithmetic. From an AMD EPYC: one unit of the last place in 1% (F2XM1, FYL2X) and 2%
 * (FYL2XP1), never more in a million cases; from the Intel CPU of the vectors in 14 of 86 (F2XM1),
 * 4 of 71 (FYL2XP1), none of 78 (FYL2X). C1 and, for results that are exact, PE may differ.
 */
public final class Log80 {
    private Log80() {}

    /** {@code b × log2(a)}: ST1 × log2(ST0). */
    public static void yl2x(FpuContext c, long am, int ase, long bm, int bse) {
        if (Float80.refuses(c, am, ase, bm, bse)) {
            return;
        }
        boolean bInfinite = isInfinity(bm, bse), aZero = isZero(am, ase);
        boolean one = am == INTEGER_BIT && ase == BIAS;
        if ((ase & SIGN) != 0 && !aZero
                || aZero && isZero(bm, bse)
                || bInfinite && one
                || isInfinity(am, ase) && isZero(bm, bse)) {
            c.invalid();
            return;
        }
        if (aZero) {
            c.flags |= bInfinite ? 0 : ZE;
            c.set(~bse & SIGN | EXPONENT, INTEGER_BIT);
            return;
        }
        if ((isDenormal(am, ase) || isDenormal(bm, bse)) && c.denormalAborts()) {
            return;
        }
        int sign = (ase < BIAS ? ~bse : bse) & SIGN;
        if (bInfinite || isInfinity(am, ase)) {
            c.set(sign | EXPONENT, INTEGER_BIT);
        } else if (one || isZero(bm, bse)) {
            c.set(sign, 0);
        } else {
            Wide x = c.w0.set(am, ase);
            boolean exact = x.hi == INTEGER_BIT;
            if (exact) {
                x.setInteger(x.exponent);
            } else {
                log2(c, x);
            }
            multiply(c, x, bm, bse, exact);
        }
    }

    private static void multiply(FpuContext c, Wide x, long bm, int bse, boolean exact) {
        x.mul(x, c.w1.set(bm, bse)).round(c, exact);
    }

    /** Replaces x > 0 by its binary logarithm; uses w1 to w3. */
    private static void log2(FpuContext c, Wide x) {
        int e = x.exponent;
        x.exponent = 0;
        if (Long.compareUnsigned(x.hi, 0xB504_F333_F9DE_6484L) > 0) {
            x.exponent = -1;
            e++;
        }
        // log2 x = log2 k + 2 log2(e) atanh((x - k) / (x + k)), k = i/32
        int i = (int) ((x.hi >>> 57 - x.exponent) + 1 >> 1);
        Wide k = c.w1.setInteger(i).scale(-5), d = c.w2.add(x, k);
        x.add(x, k.negate());
        if (!x.isZero()) {
            x.div(x, d);
            atanh2Log2E(c, x);
        }
        x.add(x, WideTables.LOG2_TABLE[i - 16]);
        x.add(x, k.setInteger(e));
    }

    /** Replaces a small s by 2 log2(e) atanh(s); uses w1, w2. */
    private static void atanh2Log2E(FpuContext c, Wide s) {
        Wide square = c.w1.mul(s, s);
        c.w2.series(WideTables.ATAN, square, false);
        s.mul(s, c.w2);
        s.mul(s, WideTables.TWO_LOG2_E);
    }

    /** {@code b × log2(a + 1)}: ST1 × log2(ST0 + 1). */
    public static void yl2xp1(FpuContext c, long am, int ase, long bm, int bse) {
        if (Float80.refuses(c, am, ase, bm, bse)) {
            return;
        }
        boolean aInfinite = isInfinity(am, ase), bInfinite = isInfinity(bm, bse);
        boolean aZero = isZero(am, ase);
        boolean below = (ase & SIGN) != 0 && (ase & EXPONENT) >= BIAS;
        if (bInfinite && aZero || aInfinite && (isZero(bm, bse) || (ase & SIGN) != 0)) {
            c.invalid();
            return;
        }
        if ((isDenormal(am, ase) || isDenormal(bm, bse)) && c.denormalAborts()) {
            return;
        }
        int sign = (ase ^ bse) & SIGN;
        if (aInfinite || bInfinite) {
            c.set(sign | EXPONENT, INTEGER_BIT);
        } else if (aZero || isZero(bm, bse)) {
            c.set(sign, 0);
        } else if (below) {
            c.flags |= PE; // no logarithm: hardware hands back the argument
            c.set(ase, am);
        } else {
            logOnePlus(c, am, ase);
            multiply(c, c.w0, bm, bse, false);
        }
    }

    private static void logOnePlus(FpuContext c, long m, int se) {
        Wide x = c.w0.set(m, se);
        if (x.exponent >= -6) {
            log2(c, x.add(x, c.w1.setInteger(1)));
        } else {
            // log2(1 + x) = 2 log2(e) atanh(x / (2 + x))
            c.w2.add(x, c.w1.setInteger(2));
            x.div(x, c.w2);
            atanh2Log2E(c, x);
        }
    }

    /** 2^a - 1. Beyond |a| ≤ 1 the manual leaves the result open: see {@link #outOfRange}. */
    public static void f2xm1(FpuContext c, long m, int se) {
        if (Float80.refuses(c, m, se)) {
            return;
        }
        int e = (se & EXPONENT) - BIAS;
        if (isZero(m, se)) {
            c.set(se, m);
        } else if (e >= 0) {
            outOfRange(c, m, se);
        } else if (!isDenormal(m, se) || !c.denormalAborts()) {
            exponential(c, m, se);
        }
    }

    private static void outOfRange(FpuContext c, long m, int se) {
        boolean negative = (se & SIGN) != 0;
        if (m == INTEGER_BIT && (se & EXPONENT) == BIAS) {
            c.set(negative ? SIGN | BIAS - 1 : BIAS, INTEGER_BIT);
        } else if (isInfinity(m, se)) {
            c.set(negative ? SIGN | BIAS : se, INTEGER_BIT);
        } else {
            c.flags |= PE;
            c.set(se, m);
        }
    }

    private static void exponential(FpuContext c, long m, int se) {
        Wide x = c.w0.set(m, se);
        int i = x.exponent < -6 ? 0 : (int) ((x.hi >>> 57 - x.exponent) + 1 >> 1);
        i = x.negative ? -i : i;
        Wide w = c.w1.add(x, c.w2.setInteger(-i).scale(-5));
        if (!w.isZero()) {
            // 2^f - 1 = w (1 + w/2! + w²/3! + …), w = f ln 2
            w.mul(w, WideTables.LN2);
            c.w2.series(WideTables.EXPM1, w, w.negative);
            w.mul(w, c.w2);
        }
        if (i != 0) {
            Wide power = WideTables.EXP2_TABLE[i + WideTables.STEPS];
            if (!w.isZero()) {
                w.mul(w, power);
            }
            w.add(w, power);
            w.add(w, c.w2.setInteger(-1));
        }
        w.round(c, false);
    }
}
