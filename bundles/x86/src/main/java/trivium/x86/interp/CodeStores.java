package trivium.x86.interp;

import trivium.hostos.HostMemory;

/**
 * A small TLB for stores to pages with code which do not hit the code: translated code may do them
 * itself, as long as this vCPU alone watches the page. It lies in {@link Cpu#area}, direct-mapped
 * by linear page. An entry, 32 bytes: the linear page, with the TLB that was asked in its low bits
 * (or -1 for none); what to add to a linear address to get the host address; the host address of
 * the entry's map; how many stores are left until the page must be looked at (32 bits, signed). The
 * map has a bit for each byte of the page, set if code lies on it.
 */
public final class CodeStores {
    /** A power of two: as many as a long has bits. */
    public static final int ENTRIES = 64;

    public static final int ENTRY_SHIFT = 5, TAG = 0, ADDEND = 8, MAP = 16, LEFT = 24;

    /** Where an offset's bit is read with 31 others, some may be those of bytes past the page. */
    private static final int MAP_BYTES = 4096 / 8 + 8;

    private static final int MAPS = ENTRIES << ENTRY_SHIFT;

    static final int BYTES = MAPS + ENTRIES * MAP_BYTES;

    private static final long NONE = -1;

    private final long hva;

    /** By entry; null: it is empty. */
    private final CodePage[] pages = new CodePage[ENTRIES];

    /** Which entries are in use. */
    private long used;

    /**
     * @param hva of {@link #BYTES} bytes
     */
    CodeStores(long hva) {
        this.hva = hva;
        for (int n = 0; n < ENTRIES; n++) {
            HostMemory.putLong(entry(n) + TAG, NONE);
            HostMemory.putLong(entry(n) + MAP, map(n));
        }
    }

    private long entry(int n) {
        return hva + ((long) n << ENTRY_SHIFT);
    }

    private long map(int n) {
        return hva + MAPS + (long) n * MAP_BYTES;
    }

    private static int number(long linear) {
        return (int) (linear >>> 12) & ENTRIES - 1;
    }

    /** Whether a page's entry is there and good for more stores. */
    boolean isOpen(long linear, int tlb) {
        long entry = entry(number(linear));
        return HostMemory.getLong(entry + TAG) == (linear & -4096 | tlb)
                && HostMemory.getInt(entry + LEFT) >= 0;
    }

    /**
     * Lets stores to a page go on without us; or, if it was stored to so often that it should have
     * been asked about, sees to that.
     *
     * @param tlb number of the TLB that would be asked
     * @param host address of the page
     * @return the number of the entry, which is to be told where the code is; -1: it knows
     */
    int open(long linear, int tlb, long host, CodePage page) {
        int n = number(linear);
        long tag = linear & -4096 | tlb;
        if (pages[n] == page && HostMemory.getLong(entry(n) + TAG) == tag) {
            if (HostMemory.getInt(entry(n) + LEFT) < 0) {
                page.storedTo();
                refill(n);
            }
            return -1;
        }
        close(n);
        pages[n] = page;
        page.entries |= 1L << n;
        used |= 1L << n;
        HostMemory.fill(map(n), MAP_BYTES, (byte) 0);
        HostMemory.putLong(entry(n) + ADDEND, host - (linear & -4096));
        refill(n);
        HostMemory.putLong(entry(n) + TAG, tag);
        return n;
    }

    private void refill(int n) {
        HostMemory.putInt(entry(n) + LEFT, CodePage.IDLE_STORES);
    }

    private void close(int n) {
        if (pages[n] != null) {
            HostMemory.putLong(entry(n) + TAG, NONE);
            pages[n].entries &= ~(1L << n);
            pages[n] = null;
            used &= ~(1L << n);
        }
    }

    /** Which entries those are is told by a bit for each. */
    void close(long entries) {
        for (long left = entries; left != 0; left &= left - 1) {
            close(Long.numberOfTrailingZeros(left));
        }
    }

    void flush() {
        close(used);
    }

    /** From now on stores are counted anew. */
    void countAnew(long entries) {
        for (long left = entries; left != 0; left &= left - 1) {
            refill(Long.numberOfTrailingZeros(left));
        }
    }

    /** Whether there is code on the bytes from one offset of a page to another, included. */
    void tell(long entries, int first, int last, boolean code) {
        for (long left = entries; left != 0; left &= left - 1) {
            tell(Long.numberOfTrailingZeros(left), first, last, code);
        }
    }

    private void tell(int n, int first, int last, boolean code) {
        for (int word = first >>> 6; word <= last >>> 6; word++) {
            long bits = -1L;
            if (word == first >>> 6) {
                bits &= -1L << first;
            }
            if (word == last >>> 6) {
                bits &= -1L >>> 63 - (last & 63);
            }
            long at = map(n) + 8L * word;
            long before = HostMemory.getLong(at);
            HostMemory.putLong(at, code ? before | bits : before & ~bits);
        }
    }
}
