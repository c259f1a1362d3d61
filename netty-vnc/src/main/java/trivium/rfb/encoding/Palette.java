package trivium.rfb.encoding;

import java.util.Arrays;

/** Distinct pixel values of a block in order of appearance, up to a limit of at most 256. */
final class Palette {
    private static final int SLOTS = 1024;

    private final int[] colours = new int[256];
    private final short[] slots = new short[SLOTS];
    private int size;
    private int limit;

    void clear(int newLimit) {
        Arrays.fill(slots, (short) 0);
        size = 0;
        limit = newLimit;
    }

    int size() {
        return size;
    }

    int colour(int index) {
        return colours[index];
    }

    /**
     * @return its index, or -1 if it is new and there is no more room
     */
    int add(int colour) {
        int slot = slot(colour);
        if (slots[slot] != 0) {
            return slots[slot] - 1;
        }
        if (size == limit) {
            return -1;
        }
        colours[size] = colour;
        slots[slot] = (short) (size + 1);
        return size++;
    }

    /** The index of a colour that was added. */
    int index(int colour) {
        return slots[slot(colour)] - 1;
    }

    /** Where a colour is, or the free slot where it would be; a quarter of them is used at most. */
    private int slot(int colour) {
        int slot = colour * 0x9e37_79b1 >>> 22;
        while (slots[slot] != 0 && colours[slots[slot] - 1] != colour) {
            slot = slot + 1 & SLOTS - 1;
        }
        return slot;
    }

    /** Adds all; false if there are more than fit. */
    boolean addAll(int[] pixels, int count) {
        int last = ~pixels[0];
        for (int i = 0; i < count; i++) {
            if (pixels[i] != last) {
                last = pixels[i];
                if (add(last) < 0) {
                    return false;
                }
            }
        }
        return true;
    }
}
