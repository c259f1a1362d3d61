package trivium.x86.fp;

import static trivium.x86.fp.Float80.BIAS;
import static trivium.x86.fp.Float80.EXPONENT;
import static trivium.x86.fp.Float80.INTEGER_BIT;
import static trivium.x86.fp.Float80.SIGN;
import static trivium.x86.fp.Float80.isInfinity;
import static trivium.x86.fp.Float80.isNaN;
import static trivium.x86.fp.Float80.isUnsupported;
import static trivium.x86.fp.Float80.isZero;
import static trivium.x86.fp.Float80.normalized;
import static trivium.x86.fp.Float80.normalizedExponent;
import static trivium.x86.fp.FpuContext.C1;
import static trivium.x86.fp.FpuContext.CHOP;
import static trivium.x86.fp.FpuContext.DE;
import static trivium.x86.fp.FpuContext.IE;
import static trivium.x86.fp.FpuContext.OE;
import static trivium.x86.fp.FpuContext.PE;
import static trivium.x86.fp.FpuContext.UE;

/**
 * Conversions between the extended format and float, double and two's complement integers. Reading
 * a memory operand never rounds: it delivers a signalling NaN as it is and notes a denormal in DE,
 * so that the operation that uses the operand can give its own answer; {@link #load} gives that of
 * FLD.
 */
public final class Convert80 {
    private Convert80() {}

    public static void fromFloat(FpuContext c, int bits) {
        int e = bits >>> 23 & 0xff;
        long fraction = (long) bits << 40 & Long.MAX_VALUE;
        widen(c, bits >>> 16 & SIGN, e, 0xff, BIAS - 127, fraction);
    }

    public static void fromDouble(FpuContext c, long bits) {
        int e = (int) (bits >>> 52) & 0x7ff;
        long fraction = bits << 11 & Long.MAX_VALUE;
        widen(c, (int) (bits >>> 48) & SIGN, e, 0x7ff, BIAS - 1023, fraction);
    }

    private static void widen(FpuContext c, int sign, int e, int top, int rebias, long fraction) {
        if (e == top) {
            c.set(sign | EXPONENT, fraction | INTEGER_BIT);
        } else if (e != 0) {
            c.set(sign | e + rebias, fraction | INTEGER_BIT);
        } else if (fraction == 0) {
            c.set(sign, 0);
        } else {
            c.flags |= DE;
            int n = Long.numberOfLeadingZeros(fraction);
            c.set(sign | 1 + rebias - n, fraction << n);
        }
    }

    /** Makes what {@link #fromFloat} or {@link #fromDouble} delivered the result of an FLD. */
    public static void load(FpuContext c) {
        if (isNaN(c.mantissa, c.signExponent)) {
            Float80.quiet(c, c.mantissa, c.signExponent);
        }
    }

    public static void fromInteger(FpuContext c, long value) {
        if (value == 0) {
            c.set(0, 0);
            return;
        }
        long magnitude = Math.abs(value);
        int n = Long.numberOfLeadingZeros(magnitude);
        c.set((value < 0 ? SIGN : 0) | BIAS + 63 - n, magnitude << n);
    }

    /** The bits of a float. Meaningless if {@link FpuContext#storeAborted}. */
    public static int toFloat(FpuContext c, long m, int se) {
        return (int) narrow(c, m, se, 24, 127);
    }

    /** The bits of a double. Meaningless if {@link FpuContext#storeAborted}. */
    public static long toDouble(FpuContext c, long m, int se) {
        int e = (se & EXPONENT) - (BIAS - 1023);
        if (m < 0 && (m & 0x7ff) == 0 && e > 0 && e < 0x7ff) {
            return (long) (se & SIGN) << 48 | (long) e << 52 | m << 1 >>> 12;
        }
        return narrow(c, m, se, 53, 1023);
    }

    private static long narrow(FpuContext c, long m, int se, int precision, int bias) {
        int width = precision == 24 ? 32 : 64, top = 2 * bias + 1;
        long sign = (se & SIGN) != 0 ? 1L << width - 1 : 0;
        if (isUnsupported(m, se)) {
            c.flags |= IE;
            return -1L << precision - 2;
        }
        if (isNaN(m, se)) {
            Float80.quiet(c, m, se);
            return sign | pack(top, c.mantissa, precision);
        }
        if (isInfinity(m, se)) {
            return sign | pack(top, m, precision);
        }
        if (isZero(m, se)) {
            return sign;
        }
        int e = normalizedExponent(m, se) - BIAS + bias;
        return sign | narrowFinite(c, normalized(m), se & SIGN, e, top, precision);
    }

    private static long narrowFinite(
            FpuContext c, long m, int sign, int e, int top, int precision) {
        int rc = c.rounding();
        long unit = 1L << 64 - precision, fraction = m << precision;
        boolean up = Round80.roundsUp(rc, sign, (m & unit) != 0, fraction);
        long r = (m & -unit) + (up ? unit : 0);
        int re = r == 0 ? e + 1 : e;
        if (re <= 0) {
            return narrowTiny(c, m, sign, e, precision);
        }
        if (re >= top) {
            return narrowHuge(c, sign, top, precision);
        }
        inexact(c, fraction, up);
        return pack(re, r, precision);
    }

    private static long narrowHuge(FpuContext c, int sign, int top, int precision) {
        c.flags |= OE;
        if ((c.controlWord & OE) == 0) {
            return 0;
        }
        boolean infinite = Round80.overflowsToInfinity(c.rounding(), sign);
        c.flags |= infinite ? PE | C1 : PE;
        return infinite ? pack(top, 0, precision) : pack(top - 1, -1, precision);
    }

    private static long narrowTiny(FpuContext c, long m, int sign, int e, int precision) {
        int shift = 1 - e;
        long unit = 1L << 64 - precision;
        long low = Round80.shiftLow(m, 0, shift), high = shift > 63 ? 0 : m >>> shift;
        long fraction = Round80.fraction(high, low, precision);
        boolean up = Round80.roundsUp(c.rounding(), sign, (high & unit) != 0, fraction);
        if ((c.controlWord & UE) == 0) {
            c.flags |= UE;
            return 0;
        }
        if (fraction != 0) {
            c.flags |= UE;
        }
        inexact(c, fraction, up);
        long r = (high & -unit) + (up ? unit : 0);
        return pack(r < 0 ? 1 : 0, r, precision);
    }

    private static long pack(int e, long m, int precision) {
        return (long) e << precision - 1 | m << 1 >>> 65 - precision;
    }

    private static void inexact(FpuContext c, long fraction, boolean up) {
        if (fraction != 0) {
            c.flags |= up ? PE | C1 : PE;
        }
    }

    /** An integer of 16, 32 or 64 bits, rounded as FCW says; with IE the integer indefinite. */
    public static long toInteger(FpuContext c, long m, int se, int bits) {
        return toInteger(c, m, se, bits, c.rounding());
    }

    /** FISTTP: the same, truncated. */
    public static long toIntegerTruncated(FpuContext c, long m, int se, int bits) {
        return toInteger(c, m, se, bits, CHOP);
    }

    private static long toInteger(FpuContext c, long m, int se, int bits, int rc) {
        int e = (se & EXPONENT) - BIAS;
        long whole = 0, fraction = 0;
        if (isUnsupported(m, se) || e > 63) {
            return indefinite(c, bits);
        }
        if (e >= 0) {
            whole = m >>> 63 - e;
            fraction = e < 63 ? m << e + 1 : 0;
        } else if (m != 0) {
            fraction = e == -1 ? m : 1;
        }
        int sign = se & SIGN;
        boolean up = Round80.roundsUp(rc, sign, (whole & 1) != 0, fraction);
        long limit = 1L << bits - 1;
        boolean carried = up && whole == -1;
        whole += up ? 1 : 0;
        long most = sign != 0 ? limit : limit - 1;
        if (carried || Long.compareUnsigned(whole, most) > 0) {
            return indefinite(c, bits);
        }
        inexact(c, fraction, up);
        return sign != 0 ? -whole : whole;
    }

    private static long indefinite(FpuContext c, int bits) {
        c.flags |= IE;
        return -1L << bits - 1;
    }
}
