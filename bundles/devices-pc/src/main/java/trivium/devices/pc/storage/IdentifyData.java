package trivium.devices.pc.storage;

/** The 256 words that IDENTIFY DEVICE and IDENTIFY PACKET DEVICE answer with. */
final class IdentifyData {
    private final byte[] bytes;

    /**
     * @param bytes where to put them: the first 512 are cleared
     */
    IdentifyData(byte[] bytes) {
        this.bytes = bytes;
        java.util.Arrays.fill(bytes, 0, 512, (byte) 0);
    }

    IdentifyData word(int index, int value) {
        bytes[index * 2] = (byte) value;
        bytes[index * 2 + 1] = (byte) (value >>> 8);
        return this;
    }

    IdentifyData dword(int index, long value) {
        return word(index, (int) value).word(index + 1, (int) (value >>> 16));
    }

    /** Text in ATA's order, the first character of each pair in the high byte, space-filled. */
    IdentifyData text(int index, int words, String text) {
        for (int i = 0; i < words * 2; i++) {
            bytes[index * 2 + (i ^ 1)] = (byte) (i < text.length() ? text.charAt(i) : ' ');
        }
        return this;
    }

    /** Word 255, the integrity word: signature A5h and a checksum. */
    void seal() {
        bytes[510] = (byte) 0xa5;
        int sum = 0;
        for (int i = 0; i < 511; i++) {
            sum += bytes[i];
        }
        bytes[511] = (byte) -sum;
    }
}
