package trivium.x86.simd;

/** Shifts of packed elements; counts are unsigned 64-bit values, as the source operand has them. */
public final class PackedShift {
    private PackedShift() {}

    private static boolean over(long count, int bits) {
        return Long.compareUnsigned(count, bits) >= 0;
    }

    public static long psllw(long a, long count) {
        if (over(count, 16)) {
            return 0;
        }
        return a << count & 0x0001_0001_0001_0001L * (0xffff << count & 0xffff);
    }

    public static long pslld(long a, long count) {
        if (over(count, 32)) {
            return 0;
        }
        return (long) ((int) (a >>> 32) << count) << 32 | (int) a << count & 0xffff_ffffL;
    }

    public static long psllq(long a, long count) {
        return over(count, 64) ? 0 : a << count;
    }

    public static long psrlw(long a, long count) {
        if (over(count, 16)) {
            return 0;
        }
        return a >>> count & 0x0001_0001_0001_0001L * (0xffff >>> count);
    }

    public static long psrld(long a, long count) {
        if (over(count, 32)) {
            return 0;
        }
        return a >>> 32 >>> count << 32 | (a & 0xffff_ffffL) >>> count;
    }

    public static long psrlq(long a, long count) {
        return over(count, 64) ? 0 : a >>> count;
    }

    public static long psraw(long a, long count) {
        int n = over(count, 16) ? 15 : (int) count;
        long r = 0;
        for (int i = 0; i < 64; i += 16) {
            r |= (Packed.sw(a, i) >> n & 0xffffL) << i;
        }
        return r;
    }

    public static long psrad(long a, long count) {
        int n = over(count, 32) ? 31 : (int) count;
        return Packed.dd((int) (a >>> 32) >> n, (int) a >> n);
    }

    // ---- PSLLDQ, PSRLDQ, PALIGNR: bytes of a 128-bit value

    /** The low half of {@code high:low} shifted right by {@code bytes}, 0 to 255. */
    public static long bytesRight(long low, long high, int bytes) {
        if (bytes == 0) {
            return low;
        }
        if (bytes < 8) {
            return low >>> 8 * bytes | high << 64 - 8 * bytes;
        }
        return bytes < 16 ? high >>> 8 * (bytes - 8) : 0;
    }

    /** The high half of {@code high:low} shifted left by {@code bytes}, 0 to 255. */
    public static long bytesLeft(long low, long high, int bytes) {
        if (bytes == 0) {
            return high;
        }
        if (bytes < 8) {
            return high << 8 * bytes | low >>> 64 - 8 * bytes;
        }
        return bytes < 16 ? low << 8 * (bytes - 8) : 0;
    }

    /** Quadword {@code at} bytes into {@code d:c:b:a}; beyond it are zeros. */
    public static long window(long a, long b, long c, long d, int at) {
        return switch (at >>> 3) {
            case 0 -> bytesRight(a, b, at & 7);
            case 1 -> bytesRight(b, c, at & 7);
            case 2 -> bytesRight(c, d, at & 7);
            case 3 -> bytesRight(d, 0, at & 7);
            default -> 0;
        };
    }
}
