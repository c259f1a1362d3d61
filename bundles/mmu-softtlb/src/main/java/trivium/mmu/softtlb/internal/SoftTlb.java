package trivium.mmu.softtlb.internal;

import trivium.cpu.Vcpu;
import trivium.mmu.Mmu;
import trivium.x86.PageWalker;

/**
 * A direct-mapped cache of mappings in front of the page walker. One entry per linear page serves
 * every privilege: it holds what the tables allow, and each use asks {@link PageWalker#permits}.
 * Large pages are cached in 4-KiB pieces. Hit path:
 *
 * <pre>
 *   tag[slot] == page | generation  ||  tag[slot] == page | globalGeneration
 *   and the mapping permits the access, and is dirty if it is a write
 * </pre>
 *
 * A flush takes a new generation; the tags are swept only when the 11-bit numbers run out.
 */
final class SoftTlb implements Mmu {
    private static final int ENTRIES = 1 << 13;
    private static final long PAGE = -4096;
    private static final int FIRST_GLOBAL = 1 << 11, NO_TAG = 0;
    private static final int LARGE_SHIFT = 22, LARGE_SLOTS = 1 << 10;

    private final PageWalker walker;
    private final long[] tag = new long[ENTRIES];
    private final long[] mapping = new long[ENTRIES];

    /**
     * By a hash of linear address bits 22 and up: whether pieces of large pages may be cached
     * there.
     */
    private final boolean[] large = new boolean[LARGE_SLOTS];

    private int generation = 1;
    private int globalGeneration = FIRST_GLOBAL;

    SoftTlb(Vcpu vcpu) {
        walker = new PageWalker(vcpu.state(), vcpu.memory(), vcpu.model());
    }

    private static int slot(long linear) {
        return (int) (linear >>> 12) & ENTRIES - 1;
    }

    @Override
    public long translate(long linear, int access) {
        if (!walker.paging()) {
            return linear & 0xffff_f000L | MAY_WRITE;
        }
        int slot = slot(linear);
        long page = linear & PAGE;
        long t = tag[slot];
        if (t == (page | generation) || t == (page | globalGeneration)) {
            long m = mapping[slot];
            boolean clean = (access & WRITE) != 0 && (m & PageWalker.DIRTY) == 0;
            if (!clean && walker.permits(m, access)) {
                return walker.answer(m, access);
            }
        }
        return miss(page, slot, access);
    }

    private long miss(long page, int slot, int access) {
        long m = walker.walk(page, access);
        if (m == FAULT) {
            tag[slot] = NO_TAG;
            return FAULT;
        }
        mapping[slot] = m;
        tag[slot] = page | ((m & GLOBAL) != 0 ? globalGeneration : generation);
        if ((m & LARGE) != 0) {
            large[largeSlot(page)] = true;
        }
        return walker.answer(m, access);
    }

    private static int largeSlot(long linear) {
        long page = linear >>> LARGE_SHIFT;
        return (int) (page ^ page >>> 10 ^ page >>> 20) & LARGE_SLOTS - 1;
    }

    @Override
    public int faultErrorCode() {
        return walker.errorCode();
    }

    @Override
    public long probe(long linear) {
        return walker.probe(linear);
    }

    @Override
    public void flushAll() {
        if (++globalGeneration == 2 * FIRST_GLOBAL) {
            sweep();
        }
        flushNonGlobal();
        java.util.Arrays.fill(large, false);
    }

    @Override
    public void flushNonGlobal() {
        if (++generation == FIRST_GLOBAL) {
            sweep();
        }
    }

    private void sweep() {
        java.util.Arrays.fill(tag, NO_TAG);
        generation = 1;
        globalGeneration = FIRST_GLOBAL;
    }

    @Override
    public void flushPage(long linear) {
        if ((tag[slot(linear)] & PAGE) == (linear & PAGE)) {
            tag[slot(linear)] = NO_TAG;
        }
        if (large[largeSlot(linear)]) {
            flushLarge(linear);
        }
    }

    /** Drops all pieces within 4 MiB. */
    private void flushLarge(long linear) {
        large[largeSlot(linear)] = false;
        for (int i = 0; i < ENTRIES; i++) {
            if (largeSlot(tag[i]) == largeSlot(linear)) {
                tag[i] = NO_TAG;
            }
        }
    }

    @Override
    public void close() {
        sweep();
    }
}
