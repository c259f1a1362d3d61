package trivium.x86.fp;

import static trivium.x86.fp.Float80.SIGN;
import static trivium.x86.fp.FpuContext.IE;

/**
 * Packed decimal of 18 digits: SDM Vol. 1 "BCD and Packed BCD Integers". The 10 bytes are a {@code
 * long} of the low 16 digits and an {@code int} of the top two and, in bit 15, the sign.
 */
public final class Decimal80 {
    private static final long LIMIT = 1_000_000_000_000_000_000L;
    private static final long INDEFINITE_LOW = 0xC000_0000_0000_0000L;
    private static final int INDEFINITE_HIGH = 0xffff;

    private Decimal80() {}

    /** FBLD. A nibble above nine counts as what it is in binary. */
    public static void load(FpuContext c, long low, int high) {
        long value = (high >>> 4 & 0xf) * 10 + (high & 0xf);
        for (int i = 60; i >= 0; i -= 4) {
            value = value * 10 + (low >>> i & 0xf);
        }
        Convert80.fromInteger(c, value);
        c.signExponent |= high & SIGN;
    }

    /** FBSTP: leaves the operand's two parts in {@code mantissa} and {@code signExponent}. */
    public static void store(FpuContext c, long m, int se) {
        int flags = c.flags;
        long value = Convert80.toInteger(c, m, se, 64);
        long magnitude = Math.abs(value);
        if ((c.flags & IE) != 0 || Long.compareUnsigned(magnitude, LIMIT) >= 0) {
            c.flags = flags | IE;
            c.set(INDEFINITE_HIGH, INDEFINITE_LOW);
            return;
        }
        long low = 0;
        for (int i = 0; i < 64; i += 4) {
            low |= magnitude % 10 << i;
            magnitude /= 10;
        }
        c.set(se & SIGN | (int) (magnitude / 10 << 4 | magnitude % 10), low);
    }
}
