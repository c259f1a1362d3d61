package trivium.x86.fp;

import static trivium.x86.fp.Float80.EXPONENT;
import static trivium.x86.fp.Float80.INTEGER_BIT;
import static trivium.x86.fp.FpuContext.C1;
import static trivium.x86.fp.FpuContext.CHOP;
import static trivium.x86.fp.FpuContext.DOWN;
import static trivium.x86.fp.FpuContext.NEAREST;
import static trivium.x86.fp.FpuContext.OE;
import static trivium.x86.fp.FpuContext.PE;
import static trivium.x86.fp.FpuContext.UE;

/**
 * Rounds and packs results: SDM Vol. 1 "Rounding", "Numeric Overflow Exception", "Numeric Underflow
 * Exception". Tininess is detected after rounding; a masked underflow is signalled only for an
 * inexact result, an unmasked one always, with the exponent wrapped by 24576.
 */
final class Round80 {
    private static final int WRAP = 24576;

    private Round80() {}

    /** The precision that FCW selects; the reserved setting works as 64 bits. */
    static int precision(FpuContext c) {
        return switch (c.controlWord >>> 8 & 3) {
            case 0 -> 24;
            case 2 -> 53;
            default -> 64;
        };
    }

    /**
     * Sets the result to {@code hi.lo × 2^(e - bias - 63)} rounded to the precision in FCW.
     *
     * @param hi has its top bit set; {@code lo} is the fraction below, its last bit sticky
     */
    static void round(FpuContext c, int sign, int e, long hi, long lo) {
        // The common case: nearest, 64 bits, an exponent in range.
        if ((c.controlWord & 0xf00) == 0x300 && e > 0 && e < EXPONENT - 1) {
            if (lo != 0) {
                if (lo < 0 && (lo << 1 | hi & 1) != 0) {
                    c.flags |= PE | C1;
                    if (++hi == 0) {
                        hi = INTEGER_BIT;
                        e++;
                    }
                } else {
                    c.flags |= PE;
                }
            }
            c.mantissa = hi;
            c.signExponent = sign | e;
            return;
        }
        round(c, sign, e, hi, lo, precision(c));
    }

    static void round(FpuContext c, int sign, int e, long hi, long lo, int precision) {
        int rc = c.rounding();
        long unit = 1L << 64 - precision;
        long fraction = fraction(hi, lo, precision);
        long r = hi & -unit;
        boolean up = roundsUp(rc, sign, (hi & unit) != 0, fraction);
        int re = e;
        if (up && (r += unit) == 0) {
            r = INTEGER_BIT;
            re++;
        }
        if (re <= 0) {
            tiny(c, sign, e, hi, lo, precision, re, r, fraction, up);
        } else if (re >= EXPONENT) {
            huge(c, sign, re, r, fraction, up, unit);
        } else {
            inexact(c, fraction, up);
            c.set(sign | re, r);
        }
    }

    private static void tiny(
            FpuContext c,
            int sign,
            int e,
            long hi,
            long lo,
            int precision,
            int re,
            long r,
            long fraction,
            boolean up) {
        if ((c.controlWord & UE) == 0) {
            c.flags |= UE;
            if (re + WRAP > 0) {
                inexact(c, fraction, up);
                c.set(sign | re + WRAP, r);
            } else { // only FSCALE gets further down than the wrap can mend
                c.flags |= PE;
                c.set(sign, 0);
            }
            return;
        }
        int shift = 1 - e;
        long dlo = shiftLow(hi, lo, shift);
        long dhi = shift > 63 ? 0 : hi >>> shift;
        long unit = 1L << 64 - precision;
        long f = fraction(dhi, dlo, precision);
        boolean dup = roundsUp(c.rounding(), sign, (dhi & unit) != 0, f);
        long d = (dhi & -unit) + (dup ? unit : 0);
        if (f != 0) {
            c.flags |= UE;
        }
        inexact(c, f, dup);
        c.set(sign | (d < 0 ? 1 : 0), d);
    }

    private static void huge(
            FpuContext c, int sign, int re, long r, long fraction, boolean up, long unit) {
        c.flags |= OE;
        if ((c.controlWord & OE) == 0) {
            if (re - WRAP < EXPONENT) {
                inexact(c, fraction, up);
                c.set(sign | re - WRAP, r);
            } else {
                c.flags |= PE | C1;
                c.set(sign | EXPONENT, INTEGER_BIT);
            }
            return;
        }
        if (overflowsToInfinity(c.rounding(), sign)) {
            c.flags |= PE | C1;
            c.set(sign | EXPONENT, INTEGER_BIT);
        } else {
            c.flags |= PE;
            c.set(sign | EXPONENT - 1, -unit);
        }
    }

    static boolean overflowsToInfinity(int rc, int sign) {
        return rc != CHOP && (rc == NEAREST || (rc == DOWN) == (sign != 0));
    }

    /** What lies below the last bit kept, left-aligned: the top bit is one half. */
    static long fraction(long hi, long lo, int precision) {
        return precision == 64 ? lo : hi << precision | (lo != 0 ? 1 : 0);
    }

    static boolean roundsUp(int rc, int sign, boolean odd, long fraction) {
        return switch (rc) {
            case NEAREST -> fraction < 0 && (fraction << 1 != 0 || odd);
            case DOWN -> sign != 0 && fraction != 0;
            case CHOP -> false;
            default -> sign == 0 && fraction != 0;
        };
    }

    /** The low half of {@code hi.lo} shifted right by 1 or more, with a sticky last bit. */
    static long shiftLow(long hi, long lo, int shift) {
        if (shift < 64) {
            return hi << -shift | lo >>> shift | (lo << -shift != 0 ? 1 : 0);
        }
        long sticky = lo != 0 ? 1 : 0;
        if (shift == 64) {
            return hi | sticky;
        }
        return shift < 128 ? hi >>> shift | (hi << -shift != 0 ? 1 : sticky) : 1;
    }

    private static void inexact(FpuContext c, long fraction, boolean up) {
        if (fraction != 0) {
            c.flags |= up ? PE | C1 : PE;
        }
    }
}
