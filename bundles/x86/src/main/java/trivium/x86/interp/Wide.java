package trivium.x86.interp;

/** 128-bit arithmetic. */
final class Wide {
    private Wide() {}

    /**
     * Unsigned high:low / divisor with high below divisor (Knuth, The Art of Computer Programming
     * vol. 2, algorithm D, with 32-bit digits).
     */
    static long divide(long high, long low, long divisor) {
        if (high == 0) {
            return Long.divideUnsigned(low, divisor);
        }
        int s = Long.numberOfLeadingZeros(divisor);
        long d = divisor << s;
        long d1 = d >>> 32;
        long d0 = d & 0xffff_ffffL;
        long n32 = s == 0 ? high : high << s | low >>> 64 - s;
        long n10 = low << s;
        long n1 = n10 >>> 32;
        long n0 = n10 & 0xffff_ffffL;
        long q1 = digit(n32, n1, d1, d0);
        long n21 = (n32 << 32 | n1) - q1 * d;
        long q0 = digit(n21, n0, d1, d0);
        return (q1 << 32) + q0;
    }

    private static long digit(long n, long next, long d1, long d0) {
        long q = Long.divideUnsigned(n, d1);
        long remainder = n - q * d1;
        while (q >>> 32 != 0 || Long.compareUnsigned(q * d0, remainder << 32 | next) > 0) {
            q--;
            remainder += d1;
            if (remainder >>> 32 != 0) {
                break;
            }
        }
        return q;
    }
}
