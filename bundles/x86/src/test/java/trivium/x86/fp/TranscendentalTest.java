package trivium.x86.fp;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TranscendentalTest {
    private static final int ROUNDED_UP_AND_INEXACT = FpuContext.PE | FpuContext.C1;
    private final FpuContext c = new FpuContext();

    private static double value(FpuContext c) {
        FpuContext d = new FpuContext();
        return Double.longBitsToDouble(Convert80.toDouble(d, c.mantissa, c.signExponent));
    }

    private void load(double x) {
        c.flags = 0;
        Convert80.fromDouble(c, Double.doubleToRawLongBits(x));
    }

    /** SDM Vol. 2 "FPATAN" and "FYL2X": result tables. */
    @ParameterizedTest
    @CsvSource({
        "atan, Infinity, Infinity, 0.7853981633974483, 32",
        "atan, -Infinity, -Infinity, -2.356194490192345, 32",
        "atan, -Infinity, 5, 3.141592653589793, 32",
        "atan, Infinity, -5, -0.0, 0",
        "atan, 0, -2, -1.5707963267948966, 32",
        "atan, -0.0, 0.0, 3.141592653589793, 32",
        "atan, 3, -0.0, -0.0, 0",
        "atan, 1, 1, 0.7853981633974483, 32",
        "yl2x, 8, 3, 9, 0",
        "yl2x, 0.125, 3, -9, 0",
        "yl2x, 1, -3, -0.0, 0",
        "yl2x, 0, 3, -Infinity, 4",
        "yl2x, -0.0, -3, Infinity, 4",
        "yl2x, 0, -Infinity, Infinity, 0",
        "yl2x, Infinity, -3, -Infinity, 0",
        "yl2x, 0.5, Infinity, -Infinity, 0",
        "yl2x, 1, Infinity, NaN, 1",
        "yl2x, 0, 0, NaN, 1",
        "yl2x, -2, 1, NaN, 1",
        "yl2x, Infinity, 0, NaN, 1",
        "yl2xp1, 0, -3, -0.0, 0",
        "yl2xp1, 1, 3, 3, 32",
        "yl2xp1, 0, Infinity, NaN, 1",
        "2xm1, -1, 0, -0.5, 0",
        "2xm1, 1, 0, 1, 0",
        "2xm1, -0.0, 0, -0.0, 0",
    })
    void followsTheManualsTables(String f, double a, double b, double expected, int flags) {
        load(b);
        long bm = c.mantissa;
        int bs = c.signExponent;
        load(a);
        switch (f) {
            case "atan" -> Trig80.atan(c, c.mantissa, c.signExponent, bm, bs);
            case "yl2x" -> Log80.yl2x(c, c.mantissa, c.signExponent, bm, bs);
            case "yl2xp1" -> Log80.yl2xp1(c, c.mantissa, c.signExponent, bm, bs);
            default -> Log80.f2xm1(c, c.mantissa, c.signExponent);
        }
        assertThat(value(c)).isEqualTo(Double.valueOf(expected));
        assertThat(c.flags & ~FpuContext.C1).isEqualTo(flags);
    }

    @Test
    void sineOfPiIsWhatPiOf66BitsLacks() {
        Constant80.PI.load(c);
        Trig80.sin(c, c.mantissa, c.signExponent);
        // pi - FLDPI = -0x0.3B39… in the last place of FLDPI; the 66-bit pi ends after 0x0.C
        assertThat(c.mantissa).isEqualTo(Long.MIN_VALUE);
        assertThat(c.signExponent).isEqualTo(0x8000 | 0x4000 - 65);
    }

    @Test
    void argumentsFrom2To63AreOutOfRange() {
        Trig80.cos(c, 1L << 63, 0x3fff + 63);
        assertThat(c.conditions).isEqualTo(FpuContext.C2);
        assertThat(c.signExponent).isEqualTo(0x3fff + 63);
        Trig80.cos(c, -1L, 0x3fff + 62);
        assertThat(c.conditions).isZero();
    }

    @Test
    void sineOfTinyArgumentsIsJustBelowThem() {
        Trig80.sin(c, 1L << 63 | 5, 0x100);
        assertThat(c.mantissa).isEqualTo(1L << 63 | 5);
        assertThat(c.flags).isEqualTo(ROUNDED_UP_AND_INEXACT);
        c.flags = 0;
        c.controlWord = 0xf7f;
        Trig80.sin(c, 1L << 63 | 5, 0x100);
        assertThat(c.mantissa).isEqualTo(1L << 63 | 4);
    }

    @Test
    void agreesWithDoubleArithmeticEverywhere() {
        Random random = new Random(386);
        for (int i = 0; i < 20_000; i++) {
            double x = random.nextGaussian() * Math.scalb(1.0, random.nextInt(12) - 8);
            load(x);
            Trig80.sincos(c, c.mantissa, c.signExponent);
            assertThat(value(c)).isCloseTo(Math.sin(x), within(Math.sin(x), x));
            load(x);
            Trig80.tan(c, c.mantissa, c.signExponent);
            assertThat(value(c)).isCloseTo(Math.tan(x), within(Math.tan(x), x * 1e3));
            load(x = Math.tanh(x));
            Log80.f2xm1(c, c.mantissa, c.signExponent);
            double e = Math.expm1(x * Math.log(2));
            assertThat(value(c)).isCloseTo(e, within(e, 0));
        }
    }

    private static org.assertj.core.data.Offset<Double> within(double expected, double absolute) {
        double d = Math.abs(expected) * 0x1p-50 + Math.abs(absolute) * 0x1p-60;
        return org.assertj.core.data.Offset.offset(d);
    }
}
