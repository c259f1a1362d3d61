package trivium.mmu.softtlb.internal;

import static trivium.mmu.SharedMappings.ENTRIES;
import static trivium.mmu.SharedMappings.ENTRIES_AT;
import static trivium.mmu.SharedMappings.GLOBAL_TAG;
import static trivium.mmu.SharedMappings.LARGE_SLOTS;
import static trivium.mmu.SharedMappings.LOCAL_TAG;
import static trivium.mmu.SharedMappings.NEW_TAG;
import static trivium.mmu.SharedMappings.NO_TAG;

import java.util.Optional;
import trivium.cpu.Vcpu;
import trivium.hostos.HostMemory;
import trivium.mmu.Mmu;
import trivium.mmu.SharedMappings;
import trivium.x86.PageWalker;

/**
 * A direct-mapped cache of mappings in front of the page walker, in {@link SharedMappings}: engines
 * may look there and walk as this does. One entry per linear page serves every privilege: it holds
 * what the tables allow, and each use asks {@link PageWalker#permits}. Large pages are cached in
 * 4-KiB pieces. Hit path:
 *
 * <pre>
 *   tag[slot] == page | generation  ||  tag[slot] == page | globalGeneration
 *   and the mapping permits the access, and is dirty if it is a write
 * </pre>
 *
 * A flush takes a new generation; the tags are swept only when the 11-bit numbers run out.
 */
final class SoftTlb implements Mmu {
    private static final long PAGE = -4096;
    private static final int FIRST_GLOBAL = 1 << 11;

    private final PageWalker walker;
    private final SharedMappings shared = new SharedMappings();
    private final long hva = shared.hva();
    private int generation = 1;
    private int globalGeneration = FIRST_GLOBAL;

    SoftTlb(Vcpu vcpu) {
        walker = new PageWalker(vcpu.state(), vcpu.memory(), vcpu.model());
        shareTags();
    }

    @Override
    public Optional<SharedMappings> shared() {
        return Optional.of(shared);
    }

    private void shareTags() {
        HostMemory.putLong(hva + LOCAL_TAG, generation);
        HostMemory.putLong(hva + GLOBAL_TAG, globalGeneration);
        HostMemory.putLong(hva + NEW_TAG, generation);
    }

    @Override
    public long translate(long linear, int access) {
        if (!walker.paging()) {
            return linear & 0xffff_f000L | MAY_WRITE;
        }
        long entry = hva + SharedMappings.entry(linear);
        long page = linear & PAGE;
        long t = HostMemory.getLong(entry);
        if (t == (page | generation) || t == (page | globalGeneration)) {
            long m = HostMemory.getLong(entry + 8);
            boolean clean = (access & WRITE) != 0 && (m & PageWalker.DIRTY) == 0;
            if (!clean && walker.permits(m, access)) {
                return walker.answer(m, access);
            }
        }
        return miss(page, entry, access);
    }

    private long miss(long page, long entry, int access) {
        long m = walker.walk(page, access);
        if (m == FAULT) {
            HostMemory.putLong(entry, NO_TAG);
            return FAULT;
        }
        HostMemory.putLong(entry + 8, m);
        HostMemory.putLong(entry, page | ((m & GLOBAL) != 0 ? globalGeneration : generation));
        if ((m & LARGE) != 0) {
            HostMemory.putByte(large(page), (byte) 1);
        }
        return walker.answer(m, access);
    }

    private long large(long linear) {
        return hva + SharedMappings.LARGE + SharedMappings.largeSlot(linear);
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
        HostMemory.fill(hva + SharedMappings.LARGE, LARGE_SLOTS, (byte) 0);
    }

    @Override
    public void flushNonGlobal() {
        if (++generation == FIRST_GLOBAL) {
            sweep();
        }
        shareTags();
    }

    private void sweep() {
        HostMemory.fill(hva + ENTRIES_AT, 16L * ENTRIES, (byte) 0);
        generation = 1;
        globalGeneration = FIRST_GLOBAL;
    }

    @Override
    public void flushPage(long linear) {
        long entry = hva + SharedMappings.entry(linear);
        if ((HostMemory.getLong(entry) & PAGE) == (linear & PAGE)) {
            HostMemory.putLong(entry, NO_TAG);
        }
        if (HostMemory.getByte(large(linear)) != 0) {
            flushLarge(linear);
        }
    }

    /** Drops all pieces within 4 MiB. */
    private void flushLarge(long linear) {
        HostMemory.putByte(large(linear), (byte) 0);
        for (long entry = hva + ENTRIES_AT; entry < hva + ENTRIES_AT + 16L * ENTRIES; entry += 16) {
            if (large(HostMemory.getLong(entry)) == large(linear)) {
                HostMemory.putLong(entry, NO_TAG);
            }
        }
    }

    @Override
    public void close() {
        sweep();
    }
}
