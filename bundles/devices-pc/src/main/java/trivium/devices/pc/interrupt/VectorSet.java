package trivium.devices.pc.interrupt;

/** A 256-bit register of a local APIC: IRR, ISR or TMR. */
final class VectorSet {
    final int[] words = new int[8];

    void add(int vector) {
        words[vector >> 5] |= 1 << vector;
    }

    void remove(int vector) {
        words[vector >> 5] &= ~(1 << vector);
    }

    boolean contains(int vector) {
        return (words[vector >> 5] & 1 << vector) != 0;
    }

    /**
     * @return the highest vector, or -1
     */
    int highest() {
        for (int i = words.length - 1; i >= 0; i--) {
            if (words[i] != 0) {
                return i * 32 + 31 - Integer.numberOfLeadingZeros(words[i]);
            }
        }
        return -1;
    }

    void clear() {
        java.util.Arrays.fill(words, 0);
    }
}
