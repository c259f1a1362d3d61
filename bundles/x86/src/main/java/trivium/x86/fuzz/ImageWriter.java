package trivium.x86.fuzz;

/** Writes bytes, values and ModR/M absolute addresses one after the other into a memory image. */
final class ImageWriter {
    private final byte[] image;
    private int position;

    ImageWriter(byte[] image) {
        this.image = image;
    }

    ImageWriter at(int gpa) {
        position = gpa;
        return this;
    }

    int position() {
        return position;
    }

    ImageWriter bytes(int... octets) {
        for (int octet : octets) {
            image[position++] = (byte) octet;
        }
        return this;
    }

    ImageWriter value(int size, long value) {
        for (int i = 0; i < size; i++) {
            image[position++] = (byte) (value >>> 8 * i);
        }
        return this;
    }

    /** ModR/M and displacement of an absolute address, in code of 16, 32 or 64 bits. */
    ImageWriter memory(int codeBits, int reg, int address) {
        return switch (codeBits) {
            case 16 -> bytes(6 | reg << 3).value(2, address);
            case 32 -> bytes(5 | reg << 3).value(4, address);
            default -> bytes(4 | reg << 3, 0x25).value(4, address);
        };
    }
}
