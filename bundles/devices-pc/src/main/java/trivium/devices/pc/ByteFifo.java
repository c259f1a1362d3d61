package trivium.devices.pc;

/** A bounded queue of bytes. Not thread-safe. */
public final class ByteFifo {
    private final byte[] ring;
    private int head, size;

    public ByteFifo(int capacity) {
        ring = new byte[capacity];
    }

    public int size() {
        return size;
    }

    public int free() {
        return ring.length - size;
    }

    public boolean isEmpty() {
        return size == 0;
    }

    /**
     * @return false if it is full and the byte was not taken
     */
    public boolean add(int octet) {
        if (size == ring.length) {
            return false;
        }
        ring[(head + size++) % ring.length] = (byte) octet;
        return true;
    }

    /**
     * @return 0 to 255, or -1 if it is empty
     */
    public int poll() {
        if (size == 0) {
            return -1;
        }
        int octet = ring[head] & 0xff;
        head = (head + 1) % ring.length;
        size--;
        return octet;
    }

    public void clear() {
        size = 0;
    }

    /** The contents, oldest first. */
    public byte[] save() {
        byte[] all = new byte[size];
        for (int i = 0; i < size; i++) {
            all[i] = ring[(head + i) % ring.length];
        }
        return all;
    }

    /**
     * @throws IllegalArgumentException if they are more than fit
     */
    public void restore(byte[] contents) {
        if (contents.length > ring.length) {
            throw new IllegalArgumentException(
                    "queue of %d bytes given %d".formatted(ring.length, contents.length));
        }
        clear();
        for (byte b : contents) {
            add(b);
        }
    }
}
