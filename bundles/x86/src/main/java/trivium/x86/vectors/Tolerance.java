package trivium.x86.vectors;

/** Comparison of results that are only approximate by definition: see cpu-vectors/README.md. */
final class Tolerance {
    private static final double RECIPROCAL = 1.5 / 4096;

    private Tolerance() {}

    /** SDM Vol. 2 "RCPPS", "RSQRTPS": relative error at most 1.5 × 2^-12 in each single. */
    static boolean reciprocalsAgree(long expected, long actual) {
        return reciprocalAgrees((int) expected, (int) actual)
                && reciprocalAgrees((int) (expected >>> 32), (int) (actual >>> 32));
    }

    private static boolean reciprocalAgrees(int expectedBits, int actualBits) {
        float expected = Float.intBitsToFloat(expectedBits);
        float actual = Float.intBitsToFloat(actualBits);
        boolean ordinary = Float.isFinite(expected) && Float.isFinite(actual) && expected != 0;
        return expectedBits == actualBits
                || ordinary
                        && Math.abs((double) actual - expected) <= RECIPROCAL * Math.abs(expected);
    }

    /** One unit in the last place of the 64-bit significand, across a change of exponent too. */
    static boolean extendedAgree(
            long mantissaA, int signExponentA, long mantissaB, int signExponentB) {
        if (mantissaA == mantissaB && signExponentA == signExponentB) {
            return true;
        }
        int a = signExponentA & 0x7fff;
        int b = signExponentB & 0x7fff;
        if ((signExponentA ^ signExponentB) > 0x7fff || a == 0x7fff || b == 0x7fff) {
            return false;
        }
        if (a == b) {
            long distance = mantissaA - mantissaB;
            return distance == 1 || distance == -1;
        }
        boolean aAbove = a == b + 1 && mantissaA == Long.MIN_VALUE && mantissaB == -1;
        boolean bAbove = b == a + 1 && mantissaB == Long.MIN_VALUE && mantissaA == -1;
        return aAbove || bAbove;
    }
}
