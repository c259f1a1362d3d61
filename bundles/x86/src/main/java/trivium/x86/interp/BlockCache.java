package trivium.x86.interp;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import trivium.memory.PhysicalMemory;

/**
 * Decoded blocks by guest-physical address, and which pages hold them. Bound to the vCPU's thread.
 * Bounded: when it is full, it is emptied.
 */
final class BlockCache {
    private static final int BUCKETS = 1 << 16;
    private static final int MAX_BLOCKS = 1 << 18;

    private final PhysicalMemory memory;
    private final Block[] buckets = new Block[BUCKETS];
    private final Map<Long, Set<Block>> byPage = new HashMap<>();
    private int blocks;
    private long built;

    BlockCache(PhysicalMemory memory) {
        this.memory = memory;
    }

    Block find(long gpa, long ip, int mode) {
        for (Block b = buckets[bucket(gpa)]; b != null; b = b.nextInBucket) {
            if (b.gpa == gpa && b.ip == ip && b.mode == mode) {
                return b;
            }
        }
        return null;
    }

    private static int bucket(long gpa) {
        return (int) (gpa ^ gpa >>> 14) & BUCKETS - 1;
    }

    /** Must be called before the block's bytes are read, so that no store to them is missed. */
    void watch(long gpa) {
        Long page = gpa >>> 12;
        if (!byPage.containsKey(page)) {
            byPage.put(page, new HashSet<>());
            memory.trackCode(gpa);
        }
    }

    void add(Block b) {
        if (blocks >= MAX_BLOCKS) {
            clear();
            watch(b.gpa);
            watch(b.lastPage);
        }
        int bucket = bucket(b.gpa);
        b.nextInBucket = buckets[bucket];
        buckets[bucket] = b;
        byPage.get(b.gpa >>> 12).add(b);
        byPage.get(b.lastPage >>> 12).add(b);
        blocks++;
        built++;
    }

    /** Drops the blocks that overlap [gpa, gpa + length), which lies in one page. */
    void invalidate(long gpa, int length, Block running) {
        Long page = gpa >>> 12;
        Set<Block> inPage = byPage.get(page);
        if (inPage == null) {
            return;
        }
        inPage.removeIf(b -> {
            if (!b.overlaps(gpa, gpa + length)) {
                return false;
            }
            long other = b.gpa >>> 12 == page ? b.lastPage >>> 12 : b.gpa >>> 12;
            if (other != page && byPage.get(other) != null) {
                byPage.get(other).remove(b);
            }
            unlink(b);
            if (b == running) {
                b.stop();
            }
            return true;
        });
        if (inPage.isEmpty()) {
            byPage.remove(page);
            memory.untrackCode(gpa);
        }
    }

    private void unlink(Block b) {
        b.drop();
        blocks--;
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
        for (Map.Entry<Long, Set<Block>> page : byPage.entrySet()) {
            page.getValue().forEach(Block::drop);
            memory.untrackCode(page.getKey() << 12);
        }
        byPage.clear();
        java.util.Arrays.fill(buckets, null);
        blocks = 0;
    }

    int size() {
        return blocks;
    }

    long built() {
        return built;
    }
}
