package trivium.x86.interp;

import trivium.hostos.HostMemory;

/** A small TLB for pages of device registers, and of code that is stored to. */
final class DeviceTlb {
    /** A power of two. */
    private static final int ENTRIES = 16;

    /** No page: bits of an access are set that never come together. */
    private static final long NOTHING = 0xfff;

    private final long[] keys = new long[ENTRIES], gpas = new long[ENTRIES];

    /** Host address of 32 bits, not zero if anything is known. */
    private final long known;

    /**
     * @param known host address of 32 bits for translated code: not zero if anything is known here
     */
    DeviceTlb(long known) {
        this.known = known;
        java.util.Arrays.fill(keys, NOTHING);
    }

    private static int slot(long key) {
        return (int) (key >>> 12 ^ key) & ENTRIES - 1;
    }

    /**
     * @param key a linear page, with bits below 12 for who accesses it and how
     */
    void put(long key, long gpa) {
        keys[slot(key)] = key;
        gpas[slot(key)] = gpa;
        HostMemory.putInt(known, 1);
    }

    /**
     * @return the guest-physical page, or -1
     */
    long find(long key) {
        int slot = slot(key);
        return keys[slot] == key ? gpas[slot] : -1;
    }

    void flush() {
        if (HostMemory.getInt(known) != 0) {
            java.util.Arrays.fill(keys, NOTHING);
            HostMemory.putInt(known, 0);
        }
    }
}
