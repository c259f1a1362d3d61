package trivium.x86.simd;

/**
 * Integer arithmetic on eight bytes, four words or two doublewords in a long: each method is one
 * instruction of MMX and, applied to both halves, of SSE2 to SSE4.1 (SDM Vol. 2). Suffixes are the
 * element: b, w, d, q.
 */
public final class Packed {
    private static final long TOP_B = 0x8080_8080_8080_8080L, TOP_W = 0x8000_8000_8000_8000L;
    private static final long TOP_D = 0x8000_0000_8000_0000L;

    private Packed() {}

    // ---- wrapping addition and subtraction: the top bits apart, so that no carry leaves its
    // element

    public static long paddb(long a, long b) {
        return (a & ~TOP_B) + (b & ~TOP_B) ^ (a ^ b) & TOP_B;
    }

    public static long paddw(long a, long b) {
        return (a & ~TOP_W) + (b & ~TOP_W) ^ (a ^ b) & TOP_W;
    }

    public static long paddd(long a, long b) {
        return (a & ~TOP_D) + (b & ~TOP_D) ^ (a ^ b) & TOP_D;
    }

    public static long paddq(long a, long b) {
        return a + b;
    }

    public static long psubb(long a, long b) {
        return (a | TOP_B) - (b & ~TOP_B) ^ (a ^ ~b) & TOP_B;
    }

    public static long psubw(long a, long b) {
        return (a | TOP_W) - (b & ~TOP_W) ^ (a ^ ~b) & TOP_W;
    }

    public static long psubd(long a, long b) {
        return (a | TOP_D) - (b & ~TOP_D) ^ (a ^ ~b) & TOP_D;
    }

    public static long psubq(long a, long b) {
        return a - b;
    }

    // ---- elements

    static int sb(long a, int bit) {
        return (byte) (a >>> bit);
    }

    static int ub(long a, int bit) {
        return (int) (a >>> bit) & 0xff;
    }

    static int sw(long a, int bit) {
        return (short) (a >>> bit);
    }

    static int uw(long a, int bit) {
        return (int) (a >>> bit) & 0xffff;
    }

    static int d(long a, int bit) {
        return (int) (a >>> bit);
    }

    static long dd(int high, int low) {
        return (long) high << 32 | low & 0xffff_ffffL;
    }

    static long clampB(int v) {
        return (v > 127 ? 127 : Math.max(v, -128)) & 0xff;
    }

    static long clampUb(int v) {
        return v > 255 ? 255 : Math.max(v, 0);
    }

    static long clampW(int v) {
        return (v > 32767 ? 32767 : Math.max(v, -32768)) & 0xffff;
    }

    static long clampUw(int v) {
        return v > 65535 ? 65535 : Math.max(v, 0);
    }

    // ---- saturating addition and subtraction

    public static long paddsb(long a, long b) {
        long r = 0;
        for (int i = 0; i < 64; i += 8) {
            r |= clampB(sb(a, i) + sb(b, i)) << i;
        }
        return r;
    }

    public static long paddsw(long a, long b) {
        long r = 0;
        for (int i = 0; i < 64; i += 16) {
            r |= clampW(sw(a, i) + sw(b, i)) << i;
        }
        return r;
    }

    public static long paddusb(long a, long b) {
        long r = 0;
        for (int i = 0; i < 64; i += 8) {
            r |= clampUb(ub(a, i) + ub(b, i)) << i;
        }
        return r;
    }

    public static long paddusw(long a, long b) {
        long r = 0;
        for (int i = 0; i < 64; i += 16) {
            r |= clampUw(uw(a, i) + uw(b, i)) << i;
        }
        return r;
    }

    public static long psubsb(long a, long b) {
        long r = 0;
        for (int i = 0; i < 64; i += 8) {
            r |= clampB(sb(a, i) - sb(b, i)) << i;
        }
        return r;
    }

    public static long psubsw(long a, long b) {
        long r = 0;
        for (int i = 0; i < 64; i += 16) {
            r |= clampW(sw(a, i) - sw(b, i)) << i;
        }
        return r;
    }

    public static long psubusb(long a, long b) {
        long r = 0;
        for (int i = 0; i < 64; i += 8) {
            r |= clampUb(ub(a, i) - ub(b, i)) << i;
        }
        return r;
    }

    public static long psubusw(long a, long b) {
        long r = 0;
        for (int i = 0; i < 64; i += 16) {
            r |= clampUw(uw(a, i) - uw(b, i)) << i;
        }
        return r;
    }

    // ---- comparison

    public static long pcmpeqb(long a, long b) {
        long x = a ^ b;
        long zero = ~((x & ~TOP_B) + ~TOP_B | x | ~TOP_B);
        return (zero >>> 7) * 0xff;
    }

    public static long pcmpeqw(long a, long b) {
        long x = a ^ b;
        long zero = ~((x & ~TOP_W) + ~TOP_W | x | ~TOP_W);
        return (zero >>> 15) * 0xffff;
    }

    public static long pcmpeqd(long a, long b) {
        return dd(d(a, 32) == d(b, 32) ? -1 : 0, (int) a == (int) b ? -1 : 0);
    }

    public static long pcmpeqq(long a, long b) {
        return a == b ? -1 : 0;
    }

    public static long pcmpgtb(long a, long b) {
        long r = 0;
        for (int i = 0; i < 64; i += 8) {
            r |= sb(a, i) > sb(b, i) ? 0xffL << i : 0;
        }
        return r;
    }

    public static long pcmpgtw(long a, long b) {
        long r = 0;
        for (int i = 0; i < 64; i += 16) {
            r |= sw(a, i) > sw(b, i) ? 0xffffL << i : 0;
        }
        return r;
    }

    public static long pcmpgtd(long a, long b) {
        return dd(d(a, 32) > d(b, 32) ? -1 : 0, (int) a > (int) b ? -1 : 0);
    }

    public static long pcmpgtq(long a, long b) {
        return a > b ? -1 : 0;
    }

    // ---- minimum, maximum, average

    public static long pminub(long a, long b) {
        long r = 0;
        for (int i = 0; i < 64; i += 8) {
            r |= (long) Math.min(ub(a, i), ub(b, i)) << i;
        }
        return r;
    }

    public static long pmaxub(long a, long b) {
        long r = 0;
        for (int i = 0; i < 64; i += 8) {
            r |= (long) Math.max(ub(a, i), ub(b, i)) << i;
        }
        return r;
    }

    public static long pminsb(long a, long b) {
        long r = 0;
        for (int i = 0; i < 64; i += 8) {
            r |= (Math.min(sb(a, i), sb(b, i)) & 0xffL) << i;
        }
        return r;
    }

    public static long pmaxsb(long a, long b) {
        long r = 0;
        for (int i = 0; i < 64; i += 8) {
            r |= (Math.max(sb(a, i), sb(b, i)) & 0xffL) << i;
        }
        return r;
    }

    public static long pminsw(long a, long b) {
        long r = 0;
        for (int i = 0; i < 64; i += 16) {
            r |= (Math.min(sw(a, i), sw(b, i)) & 0xffffL) << i;
        }
        return r;
    }

    public static long pmaxsw(long a, long b) {
        long r = 0;
        for (int i = 0; i < 64; i += 16) {
            r |= (Math.max(sw(a, i), sw(b, i)) & 0xffffL) << i;
        }
        return r;
    }

    public static long pminuw(long a, long b) {
        long r = 0;
        for (int i = 0; i < 64; i += 16) {
            r |= (long) Math.min(uw(a, i), uw(b, i)) << i;
        }
        return r;
    }

    public static long pmaxuw(long a, long b) {
        long r = 0;
        for (int i = 0; i < 64; i += 16) {
            r |= (long) Math.max(uw(a, i), uw(b, i)) << i;
        }
        return r;
    }

    public static long pminsd(long a, long b) {
        return dd(Math.min(d(a, 32), d(b, 32)), Math.min((int) a, (int) b));
    }

    public static long pmaxsd(long a, long b) {
        return dd(Math.max(d(a, 32), d(b, 32)), Math.max((int) a, (int) b));
    }

    public static long pminud(long a, long b) {
        long high = Math.min(a >>> 32, b >>> 32);
        return high << 32 | Math.min(a & 0xffff_ffffL, b & 0xffff_ffffL);
    }

    public static long pmaxud(long a, long b) {
        long high = Math.max(a >>> 32, b >>> 32);
        return high << 32 | Math.max(a & 0xffff_ffffL, b & 0xffff_ffffL);
    }

    public static long pavgb(long a, long b) {
        long r = 0;
        for (int i = 0; i < 64; i += 8) {
            r |= (long) (ub(a, i) + ub(b, i) + 1 >> 1) << i;
        }
        return r;
    }

    public static long pavgw(long a, long b) {
        long r = 0;
        for (int i = 0; i < 64; i += 16) {
            r |= (long) (uw(a, i) + uw(b, i) + 1 >> 1) << i;
        }
        return r;
    }

    // ---- multiplication

    public static long pmullw(long a, long b) {
        long r = 0;
        for (int i = 0; i < 64; i += 16) {
            r |= (sw(a, i) * sw(b, i) & 0xffffL) << i;
        }
        return r;
    }

    public static long pmulhw(long a, long b) {
        long r = 0;
        for (int i = 0; i < 64; i += 16) {
            r |= (sw(a, i) * sw(b, i) >> 16 & 0xffffL) << i;
        }
        return r;
    }

    public static long pmulhuw(long a, long b) {
        long r = 0;
        for (int i = 0; i < 64; i += 16) {
            r |= (uw(a, i) * uw(b, i) >>> 16 & 0xffffL) << i;
        }
        return r;
    }

    public static long pmulhrsw(long a, long b) {
        long r = 0;
        for (int i = 0; i < 64; i += 16) {
            r |= ((sw(a, i) * sw(b, i) >> 14) + 1 >> 1 & 0xffffL) << i;
        }
        return r;
    }

    public static long pmaddwd(long a, long b) {
        int low = sw(a, 0) * sw(b, 0) + sw(a, 16) * sw(b, 16);
        return dd(sw(a, 32) * sw(b, 32) + sw(a, 48) * sw(b, 48), low);
    }

    /** Unsigned bytes of {@code a} times signed bytes of {@code b}, pairs added with saturation. */
    public static long pmaddubsw(long a, long b) {
        long r = 0;
        for (int i = 0; i < 64; i += 16) {
            r |= clampW(ub(a, i) * sb(b, i) + ub(a, i + 8) * sb(b, i + 8)) << i;
        }
        return r;
    }

    public static long pmuludq(long a, long b) {
        return (a & 0xffff_ffffL) * (b & 0xffff_ffffL);
    }

    public static long pmuldq(long a, long b) {
        return (long) (int) a * (int) b;
    }

    public static long pmulld(long a, long b) {
        return dd(d(a, 32) * d(b, 32), (int) a * (int) b);
    }

    public static long psadbw(long a, long b) {
        int sum = 0;
        for (int i = 0; i < 64; i += 8) {
            sum += Math.abs(ub(a, i) - ub(b, i));
        }
        return sum;
    }

    // ---- sign and absolute value

    public static long psignb(long a, long b) {
        long r = 0;
        for (int i = 0; i < 64; i += 8) {
            r |= (sb(a, i) * Integer.signum(sb(b, i)) & 0xffL) << i;
        }
        return r;
    }

    public static long psignw(long a, long b) {
        long r = 0;
        for (int i = 0; i < 64; i += 16) {
            r |= (sw(a, i) * Integer.signum(sw(b, i)) & 0xffffL) << i;
        }
        return r;
    }

    public static long psignd(long a, long b) {
        int high = d(a, 32) * Integer.signum(d(b, 32));
        return dd(high, (int) a * Integer.signum((int) b));
    }

    /** PABSB and its kin have one source, {@code b}. */
    public static long pabsb(long a, long b) {
        return psignb(b, b);
    }

    public static long pabsw(long a, long b) {
        return psignw(b, b);
    }

    public static long pabsd(long a, long b) {
        return psignd(b, b);
    }

    // ---- logic

    public static long pand(long a, long b) {
        return a & b;
    }

    public static long pandn(long a, long b) {
        return ~a & b;
    }

    public static long por(long a, long b) {
        return a | b;
    }

    public static long pxor(long a, long b) {
        return a ^ b;
    }

    // ---- horizontal: two elements of one operand become one

    /** The low half of the result for an MMX operand pair is {@code a}'s, the high {@code b}'s. */
    public static long phaddw(long a, long b) {
        return pairsW(a, 1, false) | pairsW(b, 1, false) << 32;
    }

    public static long phsubw(long a, long b) {
        return pairsW(a, -1, false) | pairsW(b, -1, false) << 32;
    }

    public static long phaddsw(long a, long b) {
        return pairsW(a, 1, true) | pairsW(b, 1, true) << 32;
    }

    public static long phsubsw(long a, long b) {
        return pairsW(a, -1, true) | pairsW(b, -1, true) << 32;
    }

    public static long phaddd(long a, long b) {
        return dd((int) b + d(b, 32), (int) a + d(a, 32));
    }

    public static long phsubd(long a, long b) {
        return dd((int) b - d(b, 32), (int) a - d(a, 32));
    }

    private static long pairsW(long a, int sign, boolean saturate) {
        int low = sw(a, 0) + sign * sw(a, 16);
        int high = sw(a, 32) + sign * sw(a, 48);
        return saturate ? clampW(low) | clampW(high) << 16 : low & 0xffffL | (high & 0xffffL) << 16;
    }
}
