package trivium.devices.pc.firmware;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A growing little-endian byte array, for tables that firmware reads. */
public final class ByteWriter {
    private byte[] bytes = new byte[64];
    private int size;

    public ByteWriter u8(long value) {
        return little(value, 1);
    }

    public ByteWriter u16(long value) {
        return little(value, 2);
    }

    public ByteWriter u32(long value) {
        return little(value, 4);
    }

    public ByteWriter u64(long value) {
        return little(value, 8);
    }

    public ByteWriter be16(long value) {
        return u8(value >>> 8).u8(value);
    }

    public ByteWriter be32(long value) {
        return be16(value >>> 16).be16(value);
    }

    /** Text in {@code width} bytes, cut or filled with {@code fill}. */
    public ByteWriter text(String text, int width, int fill) {
        for (int i = 0; i < width; i++) {
            u8(i < text.length() ? text.charAt(i) : fill);
        }
        return this;
    }

    /** Text and a zero byte. */
    public ByteWriter cString(String text) {
        return raw(text.getBytes(StandardCharsets.US_ASCII)).u8(0);
    }

    public ByteWriter raw(byte[] more) {
        room(more.length);
        System.arraycopy(more, 0, bytes, size, more.length);
        size += more.length;
        return this;
    }

    public ByteWriter zeros(int count) {
        room(count);
        size += count;
        return this;
    }

    /** Zeros up to the next multiple of {@code bytes}. */
    public ByteWriter align(int bytes) {
        return zeros((bytes - size % bytes) % bytes);
    }

    /** Overwrites what stands at {@code at}. */
    public void patch(int at, long value, int width) {
        for (int i = 0; i < width; i++) {
            bytes[at + i] = (byte) (value >>> 8 * i);
        }
    }

    public int size() {
        return size;
    }

    public byte[] toBytes() {
        return Arrays.copyOf(bytes, size);
    }

    private ByteWriter little(long value, int width) {
        room(width);
        for (int i = 0; i < width; i++) {
            bytes[size++] = (byte) (value >>> 8 * i);
        }
        return this;
    }

    private void room(int count) {
        if (size + count > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, size + count));
        }
    }
}
