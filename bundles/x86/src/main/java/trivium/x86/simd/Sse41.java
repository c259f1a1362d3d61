package trivium.x86.simd;

/** SSE4.1 integer instructions that work across the whole register, and CRC32 of SSE4.2. */
public final class Sse41 {
    /** The polynomial 11EDC6F41, bit-reflected. */
    private static final int CRC32C = 0x82f6_3b78;

    private static final int[] CRC_TABLE = crcTable();

    private Sse41() {}

    /**
     * Half of MPSADBW: four sums of absolute differences of four bytes.
     *
     * @param al low and {@code ah} high half of the destination
     * @param at first byte in the destination: imm[2] * 4, plus 4 for the high half of the result
     * @param block the four bytes of the source that imm[1:0] selects
     */
    public static long mpsadbw(long al, long ah, int at, int block) {
        long r = 0;
        for (int i = 0; i < 4; i++) {
            long bytes = PackedShift.window(al, ah, 0, 0, at + i);
            int sum = 0;
            for (int j = 0; j < 32; j += 8) {
                sum += Math.abs((int) (bytes >>> j & 0xff) - (block >>> j & 0xff));
            }
            r |= (long) sum << 16 * i;
        }
        return r;
    }

    /** PHMINPOSUW: the smallest of eight unsigned words, and in bits 16 to 18 the first's index. */
    public static long phminposuw(long low, long high) {
        int least = Integer.MAX_VALUE;
        int index = 0;
        for (int i = 0; i < 8; i++) {
            int word = (int) ((i < 4 ? low : high) >>> 16 * (i & 3)) & 0xffff;
            if (word < least) {
                least = word;
                index = i;
            }
        }
        return least | (long) index << 16;
    }

    /** CRC32 of {@code bytes} bytes. */
    public static int crc32(int crc, long value, int bytes) {
        int c = crc;
        for (int i = 0; i < bytes; i++) {
            c = c >>> 8 ^ CRC_TABLE[(c ^ (int) (value >>> 8 * i)) & 0xff];
        }
        return c;
    }

    private static int[] crcTable() {
        int[] table = new int[256];
        for (int i = 0; i < 256; i++) {
            int c = i;
            for (int bit = 0; bit < 8; bit++) {
                c = c >>> 1 ^ (-(c & 1) & CRC32C);
            }
            table[i] = c;
        }
        return table;
    }
}
