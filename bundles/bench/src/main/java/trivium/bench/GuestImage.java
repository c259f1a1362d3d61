package trivium.bench;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * A bench guest: a Multiboot image that is linked to run at {@link #LOAD}, with scratch memory from
 * {@link #ARENA} to {@link #END}. Its kernels are functions of the C convention without arguments.
 */
final class GuestImage {
    static final int LOAD = 0x10_0000, ARENA = 0x40_0000, END = 0x280_0000;
    private static final int MEMORY_MIB = 64;

    final int bits;
    private final byte[] bytes;
    private final ByteBuffer words;

    private GuestImage(int bits, byte[] bytes) {
        this.bits = bits;
        this.bytes = bytes;
        this.words = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    static GuestImage of(int bits) {
        return new GuestImage(bits, Resources.bytes("bench" + bits + ".bin"));
    }

    static int memoryMiB() {
        return MEMORY_MIB;
    }

    byte[] bytes() {
        return bytes.clone();
    }

    /**
     * The address of a kernel's code: the guest has a table of pairs, a name's address and a
     * function's.
     */
    int entry(String kernel) {
        byte[] name = (kernel + "\0").getBytes(StandardCharsets.US_ASCII);
        int wordBytes = bits / 8;
        for (int at = 0; at + 2 * wordBytes <= bytes.length; at += wordBytes) {
            if (isAt(word(at) - LOAD, name) && inside(word(at + wordBytes))) {
                return (int) word(at + wordBytes);
            }
        }
        throw new IllegalStateException("bench%d.bin has no kernel %s".formatted(bits, kernel));
    }

    private long word(int offset) {
        return bits == 64 ? words.getLong(offset) : Integer.toUnsignedLong(words.getInt(offset));
    }

    private boolean inside(long address) {
        return address >= LOAD && address < LOAD + bytes.length;
    }

    private boolean isAt(long offset, byte[] text) {
        if (offset < 0 || offset + text.length > bytes.length) {
            return false;
        }
        int from = (int) offset;
        return java.util.Arrays.equals(bytes, from, from + text.length, text, 0, text.length);
    }
}
