package trivium.x86.fuzz;

/**
 * What a program did to devices, in order: every port and MMIO access as a kind, an address, a size
 * and a value. Counts and hashes all, keeps the first ones for messages.
 */
final class AccessLog {
    static final int IN = 0, OUT = 1, READ = 2, WRITE = 3;

    private static final String[] NAMES = {"in", "out", "mmio read", "mmio write"};
    private static final int KEPT = 4096, MOST = 20_000;

    private final long[] entries = new long[2 * KEPT];
    private final Runnable enough;
    private int count;
    private long hash;

    /**
     * @param enough called when there are very many accesses
     */
    AccessLog(Runnable enough) {
        this.enough = enough;
    }

    void clear() {
        count = 0;
        hash = 0;
    }

    void add(int kind, long address, int size, long value) {
        long head = address << 8 | size << 4 | kind;
        if (count < KEPT) {
            entries[2 * count] = head;
            entries[2 * count + 1] = value;
        }
        if (++count % MOST == 0) {
            enough.run();
        }
        hash = (hash * 31 + head) * 31 + value;
    }

    int count() {
        return count;
    }

    boolean sameAs(AccessLog o) {
        return count == o.count && hash == o.hash;
    }

    /** The first access in which the two differ. */
    String difference(AccessLog o) {
        for (int i = 0; i < KEPT; i++) {
            String mine = i < count ? text(i) : "none";
            String theirs = i < o.count ? o.text(i) : "none";
            if (!mine.equals(theirs)) {
                return "device access %d: %s, expected %s".formatted(i, mine, theirs);
            }
        }
        return "device accesses: %d, expected %d".formatted(count, o.count);
    }

    private String text(int i) {
        long head = entries[2 * i];
        return "%s %#x size %d value %#x"
                .formatted(NAMES[(int) head & 15], head >>> 8, head >>> 4 & 15, entries[2 * i + 1]);
    }
}
