package trivium.x86.simd;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;

class SseFloatTest {
    private static final int RECORD_BYTES = 40;

    private final SseFloat f = new SseFloat();

    /**
     * Results and exception flags in all rounding modes, recorded by src/test/native/ssecases.c.
     */
    @Test
    void doesWhatAProcessorDid() throws IOException {
        ByteBuffer cases = load("sse-cases.bin.gz");
        List<String> wrong = new ArrayList<>();
        int count = 0;
        for (; cases.hasRemaining(); count++) {
            int op = cases.getInt();
            int imm = cases.getInt();
            int mxcsr = cases.getInt();
            int mxcsrAfter = cases.getInt();
            long a = cases.getLong();
            long b = cases.getLong();
            long expected = cases.getLong();
            f.begin(mxcsr);
            long result = run(op, imm, a, b);
            if (result != expected || (mxcsr | f.raised()) != mxcsrAfter) {
                wrong.add(
                        "op %d imm %d mxcsr %x a %x b %x: expected %x %x, got %x %x"
                                .formatted(
                                        op,
                                        imm,
                                        mxcsr,
                                        a,
                                        b,
                                        expected,
                                        mxcsrAfter,
                                        result,
                                        mxcsr | f.raised()));
            }
        }

        assertThat(wrong).isEmpty();
        assertThat(count).isEqualTo(12_000);
    }

    private static ByteBuffer load(String name) throws IOException {
        try (InputStream in =
                new GZIPInputStream(
                        SseFloatTest.class.getResourceAsStream("/trivium/x86/simd/" + name))) {
            byte[] bytes = in.readAllBytes();
            assertThat(bytes.length % RECORD_BYTES).isZero();
            return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        }
    }

    // spotless:off
    private long run(int op, int imm, long a, long b) {
        int sa = (int) a;
        int sb = (int) b;
        return switch (op) {
            case 0 -> unsigned(f.add32(sa, sb));
            case 1 -> f.add64(a, b);
            case 2 -> unsigned(f.sub32(sa, sb));
            case 3 -> f.sub64(a, b);
            case 4 -> unsigned(f.mul32(sa, sb));
            case 5 -> f.mul64(a, b);
            case 6 -> unsigned(f.div32(sa, sb));
            case 7 -> f.div64(a, b);
            case 8 -> unsigned(f.sqrt32(sb));
            case 9 -> f.sqrt64(b);
            case 10 -> unsigned(f.min32(sa, sb));
            case 11 -> f.min64(a, b);
            case 12 -> unsigned(f.max32(sa, sb));
            case 13 -> f.max64(a, b);
            case 14 -> unsigned(f.cmp32(sa, sb, imm));
            case 15 -> f.cmp64(a, b, imm);
            case 16 -> unsigned(f.round32(sb, imm));
            case 17 -> f.round64(b, imm);
            case 18 -> f.compareFlags32(sa, sb, true);
            case 19 -> f.compareFlags64(a, b, true);
            case 20 -> f.compareFlags32(sa, sb, false);
            case 21 -> f.compareFlags64(a, b, false);
            case 22 -> f.cvtss2sd(sb);
            case 23 -> unsigned(f.cvtsd2ss(b));
            case 24 -> unsigned(f.fromInteger32(b));
            case 25 -> f.fromInteger64(b);
            case 26 -> unsigned(f.fromInteger32(sb));
            case 27 -> f.fromInteger64(sb);
            case 28 -> f.single2long(sb, false);
            case 29 -> f.double2long(b, false);
            case 30 -> f.single2long(sb, true);
            case 31 -> f.double2long(b, true);
            case 32 -> unsigned(f.single2int(sb, false));
            case 33 -> unsigned(f.double2int(b, false));
            case 34 -> unsigned(f.single2int(sb, true));
            case 35 -> unsigned(f.double2int(b, true));
            default -> throw new AssertionError("op " + op);
        };
    }
    // spotless:on

    private static long unsigned(int value) {
        return value & 0xffff_ffffL;
    }

    @Test
    void unmaskedEarlyExceptionHidesLaterOnes() {
        f.begin(0x1f80 & ~(SoftFloat.IE << 7));
        f.add64(Double.doubleToRawLongBits(1), Double.doubleToRawLongBits(0x1p-60));
        f.sqrt64(Double.doubleToRawLongBits(-1));

        assertThat(f.raised()).isEqualTo(SoftFloat.IE);
    }

    @Test
    void approximatesReciprocalsWithinTheirTolerance() {
        for (float x = 0x1p-100f; x < 0x1p100f; x *= 1.37f) {
            float reciprocal = Float.intBitsToFloat(SseFloat.rcp32(Float.floatToRawIntBits(x)));
            float root = Float.intBitsToFloat(SseFloat.rsqrt32(Float.floatToRawIntBits(x)));

            assertThat(Math.abs((double) reciprocal * x - 1)).isLessThan(1.5 / 4096);
            assertThat(Math.abs((double) root * root * x - 1)).isLessThan(3.0 / 4096);
        }
    }
}
