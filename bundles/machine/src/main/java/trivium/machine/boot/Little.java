package trivium.machine.boot;

/** Little-endian fields of file headers and guest structures in byte arrays. */
final class Little {
    private Little() {}

    static int u16(byte[] b, int at) {
        return b[at] & 0xff | (b[at + 1] & 0xff) << 8;
    }

    static long u32(byte[] b, int at) {
        return u16(b, at) | (long) u16(b, at + 2) << 16;
    }

    static void put16(byte[] b, int at, int value) {
        b[at] = (byte) value;
        b[at + 1] = (byte) (value >>> 8);
    }

    static void put32(byte[] b, int at, long value) {
        put16(b, at, (int) value);
        put16(b, at + 2, (int) (value >>> 16));
    }

    static void put64(byte[] b, int at, long value) {
        put32(b, at, value);
        put32(b, at + 4, value >>> 32);
    }
}
