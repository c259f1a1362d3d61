package trivium.x86.fp;

import static trivium.x86.fp.Float80.BIAS;
import static trivium.x86.fp.Float80.EXPONENT;
import static trivium.x86.fp.Float80.INTEGER_BIT;
import static trivium.x86.fp.Float80.SIGN;
import static trivium.x86.fp.Float80.isDenormal;
import static trivium.x86.fp.Float80.isInfinity;
import static trivium.x86.fp.Float80.isNormal;
import static trivium.x86.fp.Float80.isZero;
import static trivium.x86.fp.Float80.normalized;
import static trivium.x86.fp.Float80.normalizedExponent;
import static trivium.x86.fp.FpuContext.DE;
import static trivium.x86.fp.FpuContext.DOWN;
import static trivium.x86.fp.FpuContext.ZE;

/**
 * FADD, FSUB, FMUL, FDIV and FSQRT. Each begins with a short path for normal operands, everything
 * else is in the method of the same name with "Special".
 */
public final class Arith80 {
    private Arith80() {}

    public static void add(FpuContext c, long am, int ase, long bm, int bse) {
        if (isNormal(am, ase) && isNormal(bm, bse) && c.flags == 0) {
            addNormal(c, am, ase & SIGN, ase & EXPONENT, bm, bse & SIGN, bse & EXPONENT);
        } else {
            addSpecial(c, am, ase, bm, bse, 0);
        }
    }

    /** {@code a - b}. A NaN keeps its sign. */
    public static void sub(FpuContext c, long am, int ase, long bm, int bse) {
        if (isNormal(am, ase) && isNormal(bm, bse) && c.flags == 0) {
            addNormal(c, am, ase & SIGN, ase & EXPONENT, bm, ~bse & SIGN, bse & EXPONENT);
        } else {
            addSpecial(c, am, ase, bm, bse, SIGN);
        }
    }

    private static void addNormal(
            FpuContext c, long am, int asign, int ea, long bm, int bsign, int eb) {
        int d = ea - eb;
        if (d < 0 || d == 0 && Long.compareUnsigned(am, bm) < 0) {
            addOrdered(c, bm, bsign, eb, am, asign, -d);
        } else {
            addOrdered(c, am, asign, ea, bm, bsign, d);
        }
    }

    /** The sum of two normalized numbers, the first not smaller in magnitude, by {@code d} bits. */
    private static void addOrdered(
            FpuContext c, long am, int sign, int e, long bm, int bsign, int d) {
        long hi = bm, lo = 0;
        if (d != 0) {
            lo = d < 64 ? bm << -d : Round80.shiftLow(bm, 0, d);
            hi = d < 64 ? bm >>> d : 0;
        }
        if (sign == bsign) {
            long sum = am + hi;
            if (Long.compareUnsigned(sum, am) < 0) {
                lo = sum << 63 | lo >>> 1 | lo & 1;
                sum = sum >>> 1 | INTEGER_BIT;
                e++;
            }
            Round80.round(c, sign, e, sum, lo);
        } else {
            subtract(c, sign, e, am - hi - (lo != 0 ? 1 : 0), -lo);
        }
    }

    private static void subtract(FpuContext c, int sign, int e, long hi, long lo) {
        if (hi < 0) {
            Round80.round(c, sign, e, hi, lo);
        } else if (hi != 0) {
            int n = Long.numberOfLeadingZeros(hi);
            Round80.round(c, sign, e - n, hi << n | lo >>> -n, lo << n);
        } else if (lo != 0) {
            int n = Long.numberOfLeadingZeros(lo);
            Round80.round(c, sign, e - n - 64, lo << n, 0);
        } else {
            c.set(c.rounding() == DOWN ? SIGN : 0, 0);
        }
    }

    private static void addSpecial(FpuContext c, long am, int ase, long bm, int bse, int negateB) {
        if (Float80.refuses(c, am, ase, bm, bse)) {
            return;
        }
        boolean aInfinite = isInfinity(am, ase), bInfinite = isInfinity(bm, bse);
        int bs = bse ^ negateB;
        if (aInfinite && bInfinite && ((ase ^ bs) & SIGN) != 0) {
            c.invalid();
            return;
        }
        if (denormal(c, am, ase, bm, bse) && c.denormalAborts()) {
            return;
        }
        if (aInfinite) {
            c.set(ase, am);
        } else if (bInfinite) {
            c.set(bs, bm);
        } else {
            addFinite(c, am, ase, bm, bs);
        }
    }

    private static void addFinite(FpuContext c, long am, int ase, long bm, int bse) {
        if (bm == 0) {
            if (am != 0) {
                roundAlone(c, am, ase);
            } else {
                int sign = ((ase ^ bse) & SIGN) == 0 ? ase : c.rounding() == DOWN ? SIGN : 0;
                c.set(sign & SIGN, 0);
            }
        } else if (am == 0) {
            roundAlone(c, bm, bse);
        } else {
            int ea = normalizedExponent(am, ase), eb = normalizedExponent(bm, bse);
            addNormal(c, normalized(am), ase & SIGN, ea, normalized(bm), bse & SIGN, eb);
        }
    }

    private static void roundAlone(FpuContext c, long m, int se) {
        Round80.round(c, se & SIGN, normalizedExponent(m, se), normalized(m), 0);
    }

    private static boolean denormal(FpuContext c, long am, int ase, long bm, int bse) {
        return (c.flags & DE) != 0 || isDenormal(am, ase) || isDenormal(bm, bse);
    }

    public static void mul(FpuContext c, long am, int ase, long bm, int bse) {
        if (isNormal(am, ase) && isNormal(bm, bse) && c.flags == 0) {
            int e = (ase & EXPONENT) + (bse & EXPONENT);
            mulNormal(c, (ase ^ bse) & SIGN, e, am, bm);
        } else {
            mulSpecial(c, am, ase, bm, bse);
        }
    }

    private static void mulNormal(FpuContext c, int sign, int exponents, long am, long bm) {
        long hi = Math.unsignedMultiplyHigh(am, bm), lo = am * bm;
        int e = exponents - BIAS + 1;
        if (hi >= 0) {
            hi = hi << 1 | lo >>> 63;
            lo <<= 1;
            e--;
        }
        Round80.round(c, sign, e, hi, lo);
    }

    private static void mulSpecial(FpuContext c, long am, int ase, long bm, int bse) {
        if (Float80.refuses(c, am, ase, bm, bse)) {
            return;
        }
        boolean infinite = isInfinity(am, ase) || isInfinity(bm, bse);
        boolean zero = isZero(am, ase) || isZero(bm, bse);
        int sign = (ase ^ bse) & SIGN;
        if (infinite && zero) {
            c.invalid();
        } else if (denormal(c, am, ase, bm, bse) && c.denormalAborts()) {
            return;
        } else if (infinite) {
            c.set(sign | EXPONENT, INTEGER_BIT);
        } else if (zero) {
            c.set(sign, 0);
        } else {
            int e = normalizedExponent(am, ase) + normalizedExponent(bm, bse);
            mulNormal(c, sign, e, normalized(am), normalized(bm));
        }
    }

    /** {@code a / b}. */
    public static void div(FpuContext c, long am, int ase, long bm, int bse) {
        if (isNormal(am, ase) && isNormal(bm, bse) && c.flags == 0) {
            int e = (ase & EXPONENT) - (bse & EXPONENT);
            divNormal(c, (ase ^ bse) & SIGN, e, am, bm);
        } else {
            divSpecial(c, am, ase, bm, bse);
        }
    }

    private static void divNormal(FpuContext c, int sign, int exponents, long am, long bm) {
        boolean less = Long.compareUnsigned(am, bm) < 0;
        long hi = less ? am : am >>> 1, lo = less ? 0 : am << 63;
        long q = divide(hi, lo, bm), r = lo - q * bm;
        long fraction = 0;
        if (r != 0) {
            fraction = r < 0 || Long.compareUnsigned(r << 1, bm) > 0 ? 3L << 62 : 1;
        }
        Round80.round(c, sign, exponents + (less ? BIAS - 1 : BIAS), q, fraction);
    }

    private static void divSpecial(FpuContext c, long am, int ase, long bm, int bse) {
        if (Float80.refuses(c, am, ase, bm, bse)) {
            return;
        }
        boolean aInfinite = isInfinity(am, ase), bInfinite = isInfinity(bm, bse);
        boolean aZero = isZero(am, ase), bZero = isZero(bm, bse);
        int sign = (ase ^ bse) & SIGN;
        if (aInfinite && bInfinite || aZero && bZero) {
            c.invalid();
        } else if (bZero && !aInfinite) {
            c.flags = c.flags & ~DE | ZE;
            c.set(sign | EXPONENT, INTEGER_BIT);
        } else if (denormal(c, am, ase, bm, bse) && c.denormalAborts()) {
            return;
        } else if (aInfinite) {
            c.set(sign | EXPONENT, INTEGER_BIT);
        } else if (bInfinite || aZero) {
            c.set(sign, 0);
        } else {
            int e = normalizedExponent(am, ase) - normalizedExponent(bm, bse);
            divNormal(c, sign, e, normalized(am), normalized(bm));
        }
    }

    /**
     * {@code hi.lo / d} for a divisor with its top bit set and {@code hi < d}: two steps of
     * schoolbook division in base 2^32 (Knuth, TAOCP vol. 2, 4.3.1, algorithm D). The remainder is
     * {@code lo - q * d}.
     */
    static long divide(long hi, long lo, long d) {
        long q1 = digit(hi, lo >>> 32, d);
        long rest = (hi << 32 | lo >>> 32) - q1 * d;
        return q1 << 32 | digit(rest, lo & 0xffff_ffffL, d);
    }

    private static long digit(long hi, long next, long d) {
        long top = d >>> 32, low = d & 0xffff_ffffL;
        long q = Long.divideUnsigned(hi, top), r = hi - q * top;
        while (q >>> 32 != 0 || Long.compareUnsigned(q * low, r << 32 | next) > 0) {
            q--;
            r += top;
            if (r >>> 32 != 0) {
                break;
            }
        }
        return q;
    }

    public static void sqrt(FpuContext c, long m, int se) {
        if (isNormal(m, se) && (se & SIGN) == 0) {
            sqrtNormal(c, m, se);
        } else if (!Float80.refuses(c, m, se)) {
            sqrtSpecial(c, m, se);
        }
    }

    private static void sqrtSpecial(FpuContext c, long m, int se) {
        if (isZero(m, se)) {
            c.set(se, m);
        } else if ((se & SIGN) != 0) {
            c.invalid();
        } else if (isInfinity(m, se)) {
            c.set(se, m);
        } else if (!c.denormalAborts()) {
            sqrtNormal(c, normalized(m), normalizedExponent(m, se));
        }
    }

    private static void sqrtNormal(FpuContext c, long m, int e) {
        boolean odd = (e & 1) == 0; // the bias is odd
        long hi = odd ? m : m >>> 1, lo = odd ? 0 : m << 63;
        long s = root(hi, lo);
        // n - s² fits 65 bits; above s it is more than half way to s + 1.
        long squareLow = s * s, squareHigh = Math.unsignedMultiplyHigh(s, s);
        long rLow = lo - squareLow;
        long rHigh = hi - squareHigh - (Long.compareUnsigned(lo, squareLow) < 0 ? 1 : 0);
        long fraction = 0;
        if ((rLow | rHigh) != 0) {
            fraction = rHigh != 0 || Long.compareUnsigned(rLow, s) > 0 ? 3L << 62 : 1;
        }
        Round80.round(c, 0, (e - BIAS >> 1) + BIAS, s, fraction);
    }

    /** The integer square root of {@code hi.lo}, which is at least 2^126. */
    static long root(long hi, long lo) {
        double estimate = Math.sqrt((hi >>> 1) * 0x1p65);
        long s = estimate >= 0x1p64 ? -1 : toUnsigned(estimate);
        s += (long) (difference(hi, lo, s) / (estimate * 2)); // now right but for the last place
        while (aboveRoot(hi, lo, s)) {
            s--;
        }
        while (s != -1 && !aboveRoot(hi, lo, s + 1)) {
            s++;
        }
        return s;
    }

    private static long toUnsigned(double d) {
        return (long) (d - 0x1p63) + INTEGER_BIT;
    }

    /** {@code hi.lo - s²}, which is small. */
    private static double difference(long hi, long lo, long s) {
        long low = s * s;
        long dl = lo - low;
        long borrow = Long.compareUnsigned(lo, low) < 0 ? 1 : 0;
        long dh = hi - Math.unsignedMultiplyHigh(s, s) - borrow;
        return dh * 0x1p64 + (dl >>> 1) * 2.0;
    }

    private static boolean aboveRoot(long hi, long lo, long s) {
        int order = Long.compareUnsigned(Math.unsignedMultiplyHigh(s, s), hi);
        return order > 0 || order == 0 && Long.compareUnsigned(s * s, lo) > 0;
    }
}
