package trivium.x86.fp;

import java.math.BigInteger;
import java.util.function.IntFunction;

/**
 * Constants and series coefficients of 128 bits, computed once in 224-bit fixed point when the
 * first transcendental instruction runs (some milliseconds).
 */
final class WideTables {
    private static final int BITS = 224;
    private static final BigInteger ONE = BigInteger.ONE.shiftLeft(BITS);

    /** Steps per unit of the tables' arguments. */
    static final int STEPS = 32;

    // Terms enough for 2^-120 with arguments up to pi/4 (sine, cosine), or 1/64 (the others).
    static final long[] SIN = coefficients(16, k -> inverse(factorial(2 * k + 3)));
    static final long[] COS = coefficients(16, k -> inverse(factorial(2 * k + 2)));
    static final long[] ATAN = coefficients(10, k -> inverse(BigInteger.valueOf(2L * k + 3)));
    static final long[] EXPM1 = coefficients(15, k -> inverse(factorial(k + 2)));

    static final Wide PI = wide(atan(1, 1).shiftLeft(2));
    static final Wide LN2 = wide(ln(2, 1));
    static final Wide TWO_LOG2_E = wide(ONE.shiftLeft(BITS + 1).divide(ln(2, 1)));

    /** atan(i / 32), i = 0 to 32. */
    static final Wide[] ATAN_TABLE = table(0, STEPS, i -> atan(i, STEPS));

    /** log2(i / 32), i = 16 to 64, from index 0. */
    static final Wide[] LOG2_TABLE =
            table(16, 64, i -> ln(i, STEPS).shiftLeft(BITS).divide(ln(2, 1)));

    /** 2^(i / 32), i = -32 to 32, from index 0. */
    static final Wide[] EXP2_TABLE = table(-STEPS, STEPS, WideTables::exp2);

    private WideTables() {}

    private static long[] coefficients(int n, IntFunction<BigInteger> term) {
        long[] c = new long[2 * n];
        for (int k = 0; k < n; k++) {
            BigInteger fraction = term.apply(k).shiftRight(BITS - 128);
            c[2 * k] = fraction.shiftRight(64).longValue();
            c[2 * k + 1] = fraction.longValue();
        }
        return c;
    }

    private static Wide[] table(int from, int to, IntFunction<BigInteger> entry) {
        Wide[] t = new Wide[to - from + 1];
        for (int i = from; i <= to; i++) {
            t[i - from] = wide(entry.apply(i));
        }
        return t;
    }

    private static Wide wide(BigInteger fixed) {
        BigInteger m = fixed.abs();
        int bits = m.bitLength();
        if (bits == 0) {
            return new Wide().set(false, 0, 0, 0);
        }
        BigInteger s = bits > 128 ? m.shiftRight(bits - 128) : m.shiftLeft(128 - bits);
        long hi = s.shiftRight(64).longValue(), lo = s.longValue();
        return new Wide().set(fixed.signum() < 0, hi, lo, bits - 1 - BITS);
    }

    private static BigInteger inverse(BigInteger n) {
        return ONE.divide(n);
    }

    private static BigInteger factorial(int n) {
        BigInteger f = BigInteger.ONE;
        for (int i = 2; i <= n; i++) {
            f = f.multiply(BigInteger.valueOf(i));
        }
        return f;
    }

    /** atan(p / q) by Euler's series, whose terms at least halve for p ≤ q. */
    private static BigInteger atan(int p, int q) {
        long square = (long) p * p, sum = square + (long) q * q;
        BigInteger term = ONE.multiply(BigInteger.valueOf((long) p * q));
        term = term.divide(BigInteger.valueOf(sum));
        BigInteger total = BigInteger.ZERO;
        for (int n = 1; term.signum() != 0; n++) {
            total = total.add(term);
            term = term.multiply(BigInteger.valueOf(2 * n * square));
            term = term.divide(BigInteger.valueOf((2L * n + 1) * sum));
        }
        return total;
    }

    /** ln(p / q) = 2 atanh((p - q) / (p + q)). */
    private static BigInteger ln(int p, int q) {
        BigInteger d = BigInteger.valueOf(p - q), s = BigInteger.valueOf(p + q);
        BigInteger d2 = d.multiply(d), s2 = s.multiply(s);
        BigInteger power = ONE.multiply(d).divide(s), total = BigInteger.ZERO;
        for (int n = 1; power.signum() != 0 && !power.equals(BigInteger.ONE.negate()); n += 2) {
            total = total.add(power.divide(BigInteger.valueOf(n)));
            power = power.multiply(d2).divide(s2);
        }
        return total.shiftLeft(1);
    }

    /** 2^(i / 32), from 2^(1 / 32) by five square roots. */
    private static BigInteger exp2(int i) {
        BigInteger root = ONE.shiftLeft(1);
        for (int k = 1; k < STEPS; k *= 2) {
            root = root.shiftLeft(BITS).sqrt();
        }
        BigInteger r = ONE;
        for (int k = i & STEPS - 1; k > 0; k--) {
            r = r.multiply(root).shiftRight(BITS);
        }
        int whole = Math.floorDiv(i, STEPS);
        return whole >= 0 ? r.shiftLeft(whole) : r.shiftRight(-whole);
    }
}
