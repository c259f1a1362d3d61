package trivium.x86.fuzz;

import java.util.Random;

/** Values that programs find in registers and memory: the edges more often than chance would. */
final class Numbers {
    private static final double[] DOUBLES = {
        0,
        -0.0,
        1,
        -1,
        1.5,
        0.1,
        3e9,
        -2147483648.0,
        1e300,
        1e-310,
        Double.MIN_VALUE,
        Double.MAX_VALUE,
        Double.POSITIVE_INFINITY,
        Double.NEGATIVE_INFINITY,
        Double.NaN
    };

    private Numbers() {}

    static long any(Random random) {
        return switch (random.nextInt(10)) {
            case 0 -> 0;
            case 1 -> -1;
            case 2 -> random.nextInt(256);
            case 3 -> 1L << random.nextInt(64);
            case 4 -> (1L << random.nextInt(64)) - 1;
            case 5 -> random.nextInt();
            case 6 -> Double.doubleToRawLongBits(real(random));
            case 7 -> floats(random);
            default -> random.nextLong();
        };
    }

    static double real(Random random) {
        return switch (random.nextInt(4)) {
            case 0 -> DOUBLES[random.nextInt(DOUBLES.length)];
            case 1 -> random.nextInt(2001) - 1000;
            case 2 -> Double.longBitsToDouble(random.nextLong());
            default -> random.nextGaussian() * Math.pow(10, random.nextInt(12) - 6);
        };
    }

    static long floats(Random random) {
        long low = Float.floatToRawIntBits((float) real(random)) & 0xffff_ffffL;
        return (long) Float.floatToRawIntBits((float) real(random)) << 32 | low;
    }
}
