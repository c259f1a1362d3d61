package trivium.x86.interp;

import java.util.HashMap;
import java.util.Map;
import trivium.memory.PhysicalMemory;

/**
 * Decoded blocks by guest-physical address, and which pages hold them. Bound to the vCPU's thread.
 * Bounded: when it is full, it is emptied.
 */
final class BlockCache {
    private static final int BUCKETS = 1 << 16;
    private static final int MAX_BLOCKS = 1 << 18;

    /** Some 200 bytes each: the blocks of a guest that jumps to every address are long. */
    private static final int MAX_INSTRUCTIONS = 1 << 21;

    /** A power of two. */
    private static final int ADDRESSES = 1024;

    /**
     * Blocks that were overwritten so often check themselves, but in no more versions than that.
     */
    private static final int RESTLESS = 4, MOST_VERSIONS = 8;

    /** Overwritten between one time and the next: so many blocks at most, by so many bytes. */
    private static final int SOON = 4096, MOST_BYTES = 16;

    /** So often more, if a block that checks itself ran long. */
    private static final int CALM = 64;

    private final PhysicalMemory memory;
    private final CodeStores stores;
    private final Block[] buckets = new Block[BUCKETS];
    private final Map<Long, CodePage> byPage = new HashMap<>();
    private int blocks, instructions;
    private long built;

    /** By a hash of its address: a block that was overwritten, how often, and when last. */
    private final long[] overwritten = new long[ADDRESSES], since = new long[ADDRESSES];

    private final int[] times = new int[ADDRESSES];

    /** How many blocks were overwritten so far. */
    private long overwrites;

    /** How often bytes of blocks that check themselves may have been stored to from here. */
    int checkedStores;

    BlockCache(PhysicalMemory memory, CodeStores stores) {
        this.memory = memory;
        this.stores = stores;
    }

    /** The newest block that begins there; null if there is none. */
    Block find(long gpa, long ip, int mode) {
        return find(buckets[bucket(gpa)], gpa, ip, mode);
    }

    /** The next older one that begins where {@code b} does: it may end on another page. */
    Block findOther(Block b) {
        return find(b.nextInBucket, b.gpa, b.ip, b.mode);
    }

    private static Block find(Block from, long gpa, long ip, int mode) {
        for (Block b = from; b != null; b = b.nextInBucket) {
            if (b.gpa == gpa && b.ip == ip && b.mode == mode && b.valid) {
                return b;
            }
        }
        return null;
    }

    private static int address(long gpa) {
        return (int) (gpa ^ gpa >>> 10) & ADDRESSES - 1;
    }

    private void countOverwritten(long gpa) {
        int slot = address(gpa);
        overwrites++;
        boolean again = overwritten[slot] == gpa && overwrites - since[slot] <= SOON;
        times[slot] = again ? times[slot] + 1 : 1;
        overwritten[slot] = gpa;
        since[slot] = overwrites;
    }

    /** A block that checks itself ran long: it may be a better one that does not. */
    void calm(Block b) {
        overwritten[address(b.gpa)] = b.gpa;
        times[address(b.gpa)] = RESTLESS - CALM;
        since[address(b.gpa)] = overwrites;
        CodePage inPage = byPage.get(b.gpa >>> 12);
        inPage.remove(b);
        inPage.narrow();
        unlink(b);
    }

    /** Whether blocks there were overwritten so often that a new one should check itself. */
    boolean isRestless(long gpa, long ip, int mode) {
        int slot = address(gpa);
        if (overwritten[slot] != gpa || times[slot] < RESTLESS) {
            return false;
        }
        int versions = 0;
        for (Block b = find(gpa, ip, mode); b != null; b = findOther(b)) {
            versions += b.isChecked() ? 1 : 0;
        }
        return versions < MOST_VERSIONS;
    }

    private static int bucket(long gpa) {
        return (int) (gpa ^ gpa >>> 14) & BUCKETS - 1;
    }

    /** Must be called before the block's bytes are read, so that no store to them is missed. */
    void watch(long gpa) {
        Long page = gpa >>> 12;
        if (!byPage.containsKey(page)) {
            byPage.put(page, new CodePage(page, stores));
            memory.trackCode(gpa);
        }
    }

    void add(Block b) {
        if (blocks >= MAX_BLOCKS || instructions + b.instructions > MAX_INSTRUCTIONS) {
            clear();
            watch(b.gpa);
            watch(b.lastPage);
        }
        int bucket = bucket(b.gpa);
        b.nextInBucket = buckets[bucket];
        buckets[bucket] = b;
        byPage.get(b.gpa >>> 12).add(b);
        if (b.lastPage >>> 12 != b.gpa >>> 12) {
            byPage.get(b.lastPage >>> 12).add(b);
        }
        blocks++;
        instructions += b.instructions;
        built++;
    }

    /** Drops the blocks that overlap [gpa, gpa + length), which lies in one page. */
    void invalidate(long gpa, int length, Block running) {
        Long page = gpa >>> 12;
        CodePage inPage = byPage.get(page);
        if (inPage == null) {
            return;
        }
        if (inPage.mayBeChecked(gpa, length)) {
            checkedStores++;
        }
        if (inPage.mayOverlap(gpa, length)) {
            drop(inPage, gpa, length, running);
        }
        if (inPage.isIdle()) {
            inPage.close();
            byPage.remove(page);
            memory.untrackCode(gpa);
        }
    }

    /**
     * After a store to a page with code: those that do not hit the code may be done without us.
     *
     * @param tlb number of the TLB that would be asked
     */
    void openStores(long linear, int tlb, long gpa) {
        CodePage inPage = byPage.get(gpa >>> 12);
        if (inPage != null && memory.a20Mask() == -1) {
            long host = memory.watchedHost(gpa);
            if (host != 0) {
                inPage.openStores(linear, tlb, host);
            }
        }
    }

    private void drop(CodePage inPage, long gpa, int length, Block running) {
        long page = gpa >>> 12;
        boolean any = false;
        for (Block b = inPage.takeOverlapping(gpa, gpa + length);
                b != null;
                b = inPage.takeOverlapping(gpa, gpa + length)) {
            any = true;
            if (length <= MOST_BYTES) {
                countOverwritten(b.gpa);
            }
            long other = b.gpa >>> 12 == page ? b.lastPage >>> 12 : b.gpa >>> 12;
            CodePage beside = other == page ? null : byPage.get(other);
            if (beside != null) {
                beside.remove(b);
                beside.narrow();
            }
            unlink(b);
            if (b == running) {
                b.stop();
            }
        }
        if (any) {
            inPage.narrow();
        }
    }

    private void unlink(Block b) {
        b.drop();
        blocks--;
        instructions -= b.instructions;
        int bucket = bucket(b.gpa);
        Block previous = null;
        for (Block x = buckets[bucket]; x != null; previous = x, x = x.nextInBucket) {
            if (x == b) {
                if (previous == null) {
                    buckets[bucket] = b.nextInBucket;
                } else {
                    previous.nextInBucket = b.nextInBucket;
                }
                return;
            }
        }
    }

    void clear() {
        for (Map.Entry<Long, CodePage> page : byPage.entrySet()) {
            page.getValue().drop();
            memory.untrackCode(page.getKey() << 12);
        }
        byPage.clear();
        java.util.Arrays.fill(buckets, null);
        blocks = 0;
        instructions = 0;
    }

    int size() {
        return blocks;
    }

    long built() {
        return built;
    }
}
