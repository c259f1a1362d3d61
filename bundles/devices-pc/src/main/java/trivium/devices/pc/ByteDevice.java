package trivium.devices.pc;

import trivium.bus.BusDevice;

/** A chip on the 8-bit bus: wider accesses reach it as bytes at consecutive addresses. */
public interface ByteDevice extends BusDevice {
    /**
     * @return 0 to 255
     */
    int readByte(int offset);

    /**
     * @param value 0 to 255
     */
    void writeByte(int offset, int value);

    @Override
    default long read(long offset, int size) {
        long value = 0;
        for (int i = 0; i < size; i++) {
            value |= (long) (readByte((int) offset + i) & 0xff) << i * 8;
        }
        return value;
    }

    @Override
    default void write(long offset, int size, long value) {
        for (int i = 0; i < size; i++) {
            writeByte((int) offset + i, (int) (value >>> i * 8) & 0xff);
        }
    }
}
