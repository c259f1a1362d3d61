package trivium.x86.simd;

/**
 * PCMPESTRI, PCMPESTRM, PCMPISTRI, PCMPISTRM (SDM Vol. 2, "Imm8 Control Byte Operation for
 * PCMPESTRI…"): two strings of bytes or words in two XMM registers compared all against all.
 */
public final class StringCompare {
    private static final int WORDS = 1, SIGNED = 2;
    private static final int EQUAL_ANY = 0, RANGES = 1, EQUAL_EACH = 2;

    private StringCompare() {}

    /** Elements in a register: 16 or 8. */
    public static int elements(int imm) {
        return (imm & WORDS) != 0 ? 8 : 16;
    }

    /** The length that a PCMPESTRx operand in EAX or RAX gives: its magnitude, saturated. */
    public static int explicitLength(long register, int imm) {
        int max = elements(imm);
        return register < -max || register > max ? max : (int) Math.abs(register);
    }

    /** The length of a PCMPISTRx operand: up to the first zero element. */
    public static int implicitLength(long low, long high, int imm) {
        int max = elements(imm);
        int n = 0;
        while (n < max && element(low, high, n, imm & WORDS) != 0) {
            n++;
        }
        return n;
    }

    private static int element(long low, long high, int i, int format) {
        int bits = (format & WORDS) != 0 ? 16 : 8;
        int at = i * bits;
        int raw = (int) ((at < 64 ? low : high) >>> (at & 63));
        return switch (format) {
            case 0 -> raw & 0xff;
            case WORDS -> raw & 0xffff;
            case SIGNED -> (byte) raw;
            default -> (short) raw;
        };
    }

    /**
     * IntRes2: one bit for each element of the second operand.
     *
     * @param aLow first operand with {@code aLength} valid elements
     * @param bLow second operand with {@code bLength} valid elements
     */
    public static int compare(
            long aLow, long aHigh, int aLength, long bLow, long bHigh, int bLength, int imm) {
        int n = elements(imm);
        int result = 0;
        for (int j = 0; j < n; j++) {
            boolean bit =
                    switch (imm >> 2 & 3) {
                        case EQUAL_ANY ->
                                anyEqual(aLow, aHigh, aLength, bLow, bHigh, bLength, j, imm);
                        case RANGES -> inRange(aLow, aHigh, aLength, bLow, bHigh, bLength, j, imm);
                        case EQUAL_EACH ->
                                eachEqual(aLow, aHigh, aLength, bLow, bHigh, bLength, j, imm);
                        default -> ordered(aLow, aHigh, aLength, bLow, bHigh, bLength, j, imm);
                    };
            result |= bit ? 1 << j : 0;
        }
        return polarity(result, bLength, n, imm);
    }

    private static int polarity(int result, int bLength, int n, int imm) {
        return switch (imm >> 4 & 3) {
            case 1 -> result ^ (1 << n) - 1;
            case 3 -> result ^ (1 << bLength) - 1;
            default -> result;
        };
    }

    private static boolean anyEqual(
            long aLow,
            long aHigh,
            int aLength,
            long bLow,
            long bHigh,
            int bLength,
            int j,
            int imm) {
        int format = imm & (WORDS | SIGNED);
        for (int i = 0; i < aLength && j < bLength; i++) {
            if (element(aLow, aHigh, i, format) == element(bLow, bHigh, j, format)) {
                return true;
            }
        }
        return false;
    }

    private static boolean inRange(
            long aLow,
            long aHigh,
            int aLength,
            long bLow,
            long bHigh,
            int bLength,
            int j,
            int imm) {
        int format = imm & (WORDS | SIGNED);
        for (int i = 0; i + 1 < aLength && j < bLength; i += 2) {
            int value = element(bLow, bHigh, j, format);
            if (value >= element(aLow, aHigh, i, format)
                    && value <= element(aLow, aHigh, i + 1, format)) {
                return true;
            }
        }
        return false;
    }

    private static boolean eachEqual(
            long aLow,
            long aHigh,
            int aLength,
            long bLow,
            long bHigh,
            int bLength,
            int j,
            int imm) {
        int format = imm & (WORDS | SIGNED);
        if (j >= aLength || j >= bLength) {
            return j >= aLength && j >= bLength;
        }
        return element(aLow, aHigh, j, format) == element(bLow, bHigh, j, format);
    }

    /** Whether the whole of a begins at b's element j; what lies beyond the register matches. */
    private static boolean ordered(
            long aLow,
            long aHigh,
            int aLength,
            long bLow,
            long bHigh,
            int bLength,
            int j,
            int imm) {
        int format = imm & (WORDS | SIGNED);
        int n = elements(imm);
        for (int i = 0; i < aLength && i + j < n; i++) {
            if (i + j >= bLength
                    || element(aLow, aHigh, i, format) != element(bLow, bHigh, i + j, format)) {
                return false;
            }
        }
        return true;
    }

    /** ECX of the index forms: the lowest or (imm[6]) highest element set, or the element count. */
    public static int index(int result, int imm) {
        if (result == 0) {
            return elements(imm);
        }
        return (imm & 0x40) != 0
                ? 31 - Integer.numberOfLeadingZeros(result)
                : Integer.numberOfTrailingZeros(result);
    }

    /** XMM0 of the mask forms, low half: bits, or (imm[6]) bits spread over elements. */
    public static long maskLow(int result, int imm) {
        return (imm & 0x40) == 0 ? result : spread(result, imm);
    }

    public static long maskHigh(int result, int imm) {
        return (imm & 0x40) == 0 ? 0 : spread(result >> elements(imm) / 2, imm);
    }

    private static long spread(int result, int imm) {
        if ((imm & WORDS) != 0) {
            return PackedShuffle.wordMask(result);
        }
        long r = 0;
        for (int i = 0; i < 8; i++) {
            r |= (result >> i & 1) != 0 ? 0xffL << 8 * i : 0;
        }
        return r;
    }
}
