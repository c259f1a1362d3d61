package example_strategy;

import java.util.Arrays;
import trivium.cpu.Vcpu;
import trivium.mmu.Mmu;
import trivium.x86.PageWalker;

/**
 * A direct-mapped cache in front of the walker. An entry has what the tables allow to anybody, as
 * {@link PageWalker#walk} gave it; each use asks whether that permits this access now, and a first
 * write walks again, to set the dirty bit. Hit path:
 *
 * <pre>
 * pages[slot] == page, the mapping permits the access, and is dirty if that is a write
 * </pre>
 */
final class CachedWalk implements Mmu {
    private static final int ENTRIES = 256;
    private static final long PAGE = -4096, NONE = 1;

    private final PageWalker walker;
    private final long[] pages = new long[ENTRIES], mappings = new long[ENTRIES];

    CachedWalk(Vcpu vcpu) {
        walker = new PageWalker(vcpu.state(), vcpu.memory(), vcpu.model());
        flushAll();
    }

    @Override
    public long translate(long linear, int access) {
        if (!walker.paging()) {
            return linear & 0xffff_f000L | MAY_WRITE;
        }
        long page = linear & PAGE;
        int slot = slot(page);
        if (pages[slot] == page) {
            long mapping = mappings[slot];
            boolean clean = (access & WRITE) != 0 && (mapping & PageWalker.DIRTY) == 0;
            if (!clean && walker.permits(mapping, access)) {
                return walker.answer(mapping, access);
            }
        }
        return walk(page, slot, access);
    }

    private long walk(long page, int slot, int access) {
        long mapping = walker.walk(page, access);
        pages[slot] = mapping == FAULT ? NONE : page;
        mappings[slot] = mapping;
        return mapping == FAULT ? FAULT : walker.answer(mapping, access);
    }

    private static int slot(long page) {
        return (int) (page >>> 12) & ENTRIES - 1;
    }

    @Override
    public int faultErrorCode() {
        return walker.errorCode();
    }

    /** For debuggers: no side effects, so past the cache. */
    @Override
    public long probe(long linear) {
        return walker.probe(linear);
    }

    @Override
    public void flushAll() {
        Arrays.fill(pages, NONE);
    }

    @Override
    public void flushNonGlobal() {
        for (int slot = 0; slot < ENTRIES; slot++) {
            if ((mappings[slot] & GLOBAL) == 0) {
                pages[slot] = NONE;
            }
        }
    }

    /** A large page is cached in pieces, and all of them have to go. */
    @Override
    public void flushPage(long linear) {
        pages[slot(linear)] = NONE;
        for (int slot = 0; slot < ENTRIES; slot++) {
            if ((mappings[slot] & LARGE) != 0) {
                pages[slot] = NONE;
            }
        }
    }

    /** Nothing to give back. */
    @Override
    public void close() {}
}
