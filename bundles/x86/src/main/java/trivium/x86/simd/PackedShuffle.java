package trivium.x86.simd;

/** Instructions that move elements about: interleave, pack, shuffle, blend, widen. */
public final class PackedShuffle {
    private PackedShuffle() {}

    // ---- interleave: the low or the high four bytes of each operand

    private static long spreadB(long low4) {
        long x = low4 & 0xffff_ffffL;
        x = (x | x << 16) & 0x0000_ffff_0000_ffffL;
        return (x | x << 8) & 0x00ff_00ff_00ff_00ffL;
    }

    private static long spreadW(long low4) {
        long x = low4 & 0xffff_ffffL;
        return (x | x << 16) & 0x0000_ffff_0000_ffffL;
    }

    public static long punpcklbw(long a, long b) {
        return spreadB(a) | spreadB(b) << 8;
    }

    public static long punpckhbw(long a, long b) {
        return spreadB(a >>> 32) | spreadB(b >>> 32) << 8;
    }

    public static long punpcklwd(long a, long b) {
        return spreadW(a) | spreadW(b) << 16;
    }

    public static long punpckhwd(long a, long b) {
        return spreadW(a >>> 32) | spreadW(b >>> 32) << 16;
    }

    public static long punpckldq(long a, long b) {
        return a & 0xffff_ffffL | b << 32;
    }

    public static long punpckhdq(long a, long b) {
        return a >>> 32 | b & 0xffff_ffff_0000_0000L;
    }

    // ---- pack: the elements of a, then those of b, at half the width

    public static long packsswb(long a, long b) {
        long r = 0;
        for (int i = 0; i < 4; i++) {
            r |= Packed.clampB(Packed.sw(a, 16 * i)) << 8 * i;
            r |= Packed.clampB(Packed.sw(b, 16 * i)) << 32 + 8 * i;
        }
        return r;
    }

    public static long packuswb(long a, long b) {
        long r = 0;
        for (int i = 0; i < 4; i++) {
            r |= Packed.clampUb(Packed.sw(a, 16 * i)) << 8 * i;
            r |= Packed.clampUb(Packed.sw(b, 16 * i)) << 32 + 8 * i;
        }
        return r;
    }

    public static long packssdw(long a, long b) {
        return Packed.clampW((int) a)
                | Packed.clampW((int) (a >>> 32)) << 16
                | Packed.clampW((int) b) << 32
                | Packed.clampW((int) (b >>> 32)) << 48;
    }

    public static long packusdw(long a, long b) {
        return Packed.clampUw((int) a)
                | Packed.clampUw((int) (a >>> 32)) << 16
                | Packed.clampUw((int) b) << 32
                | Packed.clampUw((int) (b >>> 32)) << 48;
    }

    // ---- shuffles

    /** PSHUFW, and halves of PSHUFLW and PSHUFHW: word i of the result is word imm[2i+1:2i]. */
    public static long pshufw(long b, int imm) {
        return b >>> (imm & 3) * 16 & 0xffff
                | (b >>> (imm >> 2 & 3) * 16 & 0xffff) << 16
                | (b >>> (imm >> 4 & 3) * 16 & 0xffff) << 32
                | b >>> (imm >> 6 & 3) * 16 << 48;
    }

    /** Doubleword {@code select} of 0 to 3. */
    public static long dword(long low, long high, int select) {
        return (select < 2 ? low : high) >>> 32 * (select & 1) & 0xffff_ffffL;
    }

    /** Half of PSHUFD: two doublewords as the low four bits of {@code imm} say. */
    public static long pshufd(long low, long high, int imm) {
        return dword(low, high, imm & 3) | dword(low, high, imm >> 2 & 3) << 32;
    }

    /** MMX PSHUFB. */
    public static long pshufb(long a, long b) {
        long r = 0;
        for (int i = 0; i < 64; i += 8) {
            int select = Packed.sb(b, i);
            r |= select < 0 ? 0 : (a >>> 8 * (select & 7) & 0xff) << i;
        }
        return r;
    }

    /** Half of SSSE3 PSHUFB: the bytes of {@code low:high} that this half of the mask selects. */
    public static long pshufb(long low, long high, long mask) {
        long r = 0;
        for (int i = 0; i < 64; i += 8) {
            int select = Packed.sb(mask, i);
            long from = (select & 8) == 0 ? low : high;
            r |= select < 0 ? 0 : (from >>> 8 * (select & 7) & 0xff) << i;
        }
        return r;
    }

    // ---- blends: b where the mask says so

    /** For each byte the top bit of the mask's byte spread over it. */
    public static long signsB(long mask) {
        return (mask >>> 7 & 0x0101_0101_0101_0101L) * 0xff;
    }

    public static long signsD(long mask) {
        return Packed.dd((int) (mask >>> 32) >> 31, (int) mask >> 31);
    }

    public static long blend(long a, long b, long where) {
        return a & ~where | b & where;
    }

    /** A mask with four words, as four bits have them. */
    public static long wordMask(int bits) {
        return bit(bits, 0, 0xffffL)
                | bit(bits, 1, 0xffff_0000L)
                | bit(bits, 2, 0xffff_0000_0000L)
                | bit(bits, 3, 0xffff_0000_0000_0000L);
    }

    public static long dwordMask(int bits) {
        return bit(bits, 0, 0xffff_ffffL) | bit(bits, 1, 0xffff_ffff_0000_0000L);
    }

    private static long bit(int bits, int n, long mask) {
        return (bits >> n & 1) != 0 ? mask : 0;
    }

    // ---- widening: the low elements of b

    public static long pmovsxbw(long b) {
        return Packed.sb(b, 0) & 0xffffL
                | (Packed.sb(b, 8) & 0xffffL) << 16
                | (Packed.sb(b, 16) & 0xffffL) << 32
                | (long) Packed.sb(b, 24) << 48;
    }

    public static long pmovsxbd(long b) {
        return Packed.dd(Packed.sb(b, 8), Packed.sb(b, 0));
    }

    public static long pmovsxwd(long b) {
        return Packed.dd(Packed.sw(b, 16), Packed.sw(b, 0));
    }

    public static long pmovzxbw(long b) {
        return spreadB(b);
    }

    public static long pmovzxbd(long b) {
        return b & 0xff | (b & 0xff00) << 24;
    }

    public static long pmovzxwd(long b) {
        return spreadW(b);
    }

    // ---- masks

    /** PMOVMSKB of one half: the top bits of the eight bytes. */
    public static int signBitsB(long a) {
        return (int) ((a >>> 7 & 0x0101_0101_0101_0101L) * 0x0102_0408_1020_4080L >>> 56);
    }
}
