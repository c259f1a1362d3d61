package trivium.x86.vectors;

/** Tells string instructions with a REP prefix, which an engine may end after each iteration. */
final class RepeatedString {
    private RepeatedString() {}

    /**
     * @param longMode whether 40 to 4F are prefixes
     * @param i8086 whether 64 to 67 and 6C to 6F are what the 8086 has there, conditional jumps
     */
    static boolean is(byte[] instruction, int length, boolean longMode, boolean i8086) {
        boolean repeat = false;
        for (int i = 0; i < length; i++) {
            int b = instruction[i] & 0xff;
            repeat |= b == 0xf2 || b == 0xf3;
            if (!isPrefix(b, longMode, i8086)) {
                return repeat && isString(b, i8086);
            }
        }
        return false;
    }

    private static boolean isPrefix(int b, boolean longMode, boolean i8086) {
        return switch (b) {
            case 0x26, 0x2e, 0x36, 0x3e, 0xf0, 0xf1, 0xf2, 0xf3 -> true;
            case 0x64, 0x65, 0x66, 0x67 -> !i8086;
            default -> longMode && (b & 0xf0) == 0x40;
        };
    }

    private static boolean isString(int opcode, boolean i8086) {
        return opcode >= 0x6c && opcode <= 0x6f && !i8086
                || opcode >= 0xa4 && opcode <= 0xa7
                || opcode >= 0xaa && opcode <= 0xaf;
    }
}
