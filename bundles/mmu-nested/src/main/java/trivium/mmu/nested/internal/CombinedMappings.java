package trivium.mmu.nested.internal;

import java.util.Arrays;
import trivium.mmu.Mmu;
import trivium.mmu.SharedMappings;

/**
 * What the processor calls combined mappings: from linear pages through both levels, with the
 * guest's rights. Direct-mapped; bound to the vCPU's thread.
 */
final class CombinedMappings {
    /** Beside the bits of the walker's mappings: the second level need not see a write. */
    static final long SECOND_DIRTY = 1 << 7;

    private static final int ENTRIES = 1 << 13, FIRST_GLOBAL = 1 << 11;
    private static final long PAGE = -4096, NONE = 0;
    private final long[] tags = new long[ENTRIES], mappings = new long[ENTRIES];

    /** By {@link SharedMappings#largeSlot}: whether there are pieces of large pages. */
    private final boolean[] large = new boolean[SharedMappings.LARGE_SLOTS];

    private int generation = 1, globalGeneration = FIRST_GLOBAL;

    private static int slot(long linear) {
        return (int) (linear >>> 12) & ENTRIES - 1;
    }

    /** The mapping of a page, or -1. */
    long find(long page) {
        int slot = slot(page);
        long tag = tags[slot];
        return tag == (page | generation) || tag == (page | globalGeneration) ? mappings[slot] : -1;
    }

    void put(long page, long mapping) {
        int slot = slot(page);
        mappings[slot] = mapping;
        tags[slot] = page | ((mapping & Mmu.GLOBAL) != 0 ? globalGeneration : generation);
        if ((mapping & Mmu.LARGE) != 0) {
            large[SharedMappings.largeSlot(page)] = true;
        }
    }

    void flushAll() {
        if (++globalGeneration == 2 * FIRST_GLOBAL) {
            sweep();
        }
        flushLocal();
        Arrays.fill(large, false);
    }

    void flushLocal() {
        if (++generation == FIRST_GLOBAL) {
            sweep();
        }
    }

    private void sweep() {
        Arrays.fill(tags, NONE);
        generation = 1;
        globalGeneration = FIRST_GLOBAL;
    }

    void flushPage(long linear) {
        int slot = slot(linear);
        if ((tags[slot] & PAGE) == (linear & PAGE)) {
            tags[slot] = NONE;
        }
        int hash = SharedMappings.largeSlot(linear);
        if (large[hash]) {
            large[hash] = false;
            for (int i = 0; i < ENTRIES; i++) {
                if (SharedMappings.largeSlot(tags[i]) == hash) {
                    tags[i] = NONE;
                }
            }
        }
    }
}
