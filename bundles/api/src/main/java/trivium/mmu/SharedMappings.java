package trivium.mmu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * What an {@link Mmu} caches, off the heap, where translated code looks before it walks the guest's
 * page tables itself, and keeps what it found. A direct-mapped table by linear page:
 *
 * <pre>
 * entry = ENTRIES_AT + (linear >> 12 & ENTRIES - 1) * 16
 * hit:   [entry] == page | [LOCAL_TAG]  or  [entry] == page | [GLOBAL_TAG]
 * fill:  [entry] = page | [NEW_TAG]; of a global page, page | [GLOBAL_TAG] unless NEW_TAG is NO_TAG
 * </pre>
 *
 * The entry's second quadword, a mapping, is the guest-physical address of the 4-KiB page with the
 * bits below: what the tables allow. Tags are below 4096, and {@link #NO_TAG} is none of them: an
 * Mmu that caches nothing has it as NEW_TAG. Bound to the vCPU's thread.
 */
public final class SharedMappings {
    /** Bits of a mapping, beside {@link Mmu#GLOBAL} and {@link Mmu#LARGE}. */
    public static final int USER = 1 << 3, WRITABLE = 1 << 4, NO_EXECUTE = 1 << 5, DIRTY = 1 << 6;

    public static final int ENTRIES = 1 << 13;
    public static final int NO_TAG = 0;

    /** Offsets of the tags: of local mappings, of global ones, and for a new local one. */
    public static final int LOCAL_TAG = 0, GLOBAL_TAG = 8, NEW_TAG = 16;

    /** Offset of the first linear address that only {@link Mmu#translate} knows about. */
    public static final int LIMIT = 24;

    /**
     * Offset of bytes by a hash of the linear address, {@link #largeSlot}: not zero if pieces of
     * large pages may be cached there, of which INVLPG has to drop all.
     */
    public static final int LARGE = 64;

    public static final int LARGE_SLOTS = 1 << 10, LARGE_SHIFT = 22;

    public static final int ENTRIES_AT = LARGE + LARGE_SLOTS;
    private static final long BYTES = ENTRIES_AT + 16L * ENTRIES;

    private final MemorySegment memory = Arena.ofAuto().allocate(BYTES, 64);

    public SharedMappings() {
        limit(-1);
    }

    /**
     * From now on translated code walks no tables for pages at and above this, unsigned; all ones,
     * as at first: it may for all.
     */
    public void limit(long linear) {
        memory.set(ValueLayout.JAVA_LONG, LIMIT, linear);
    }

    /** Host address of all this, valid while this object is reachable. */
    public long hva() {
        return memory.address();
    }

    /** By linear address bits 22 and up. */
    public static int largeSlot(long linear) {
        long page = linear >>> LARGE_SHIFT;
        return (int) (page ^ page >>> 10 ^ page >>> 20) & LARGE_SLOTS - 1;
    }

    /** Offset of a linear page's entry. */
    public static int entry(long linear) {
        return ENTRIES_AT + (((int) (linear >>> 12) & ENTRIES - 1) << 4);
    }
}
