package trivium.hostos;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import java.util.Collection;
import java.util.Iterator;
import trivium.hostos.Extents.Extent;

/**
 * Pages that several memories have in common by content, in places ("slots") that are numbered. A
 * slot is filled before anybody sees it, and never changes while somebody may. Not thread-safe.
 */
public final class ContentStore implements AutoCloseable {
    private static final int PAGE = Memfd.PAGE_BYTES;

    /** Addresses, not memory: so many pages can be in it. */
    private static final int SLOTS = 1 << 26;

    private final Memfd memfd;
    private final Layer layer;
    private final MemorySegment window;

    /** Slots with a page in them. */
    private final BitSet filled = new BitSet();

    /** Slots that somebody may see: they stay as they are. */
    private final BitSet seen = new BitSet();

    /** Slots kept for a memory's pages. */
    private final BitSet reserved = new BitSet();

    /**
     * @throws IOException if this host has no memfd
     */
    public ContentStore(String name) throws IOException {
        if (!Memfd.available()) {
            throw new IOException("this host has no memfd");
        }
        memfd = Memfd.create("trivium-shared-" + name, (long) SLOTS * PAGE);
        layer = new Layer(memfd, true);
        layer.retain();
        window = memfd.map(Mman.PROT_READ);
    }

    /**
     * Slots in a row for a memory's pages, so that neighbours can be neighbours here.
     *
     * @return the first, or -1 if there are no more
     */
    public int reserve(long pages) {
        BitSet taken = (BitSet) reserved.clone();
        taken.or(filled);
        taken.or(seen);
        int first = 0;
        for (int next = taken.nextSetBit(0); next >= 0 && next - first < pages; ) {
            first = taken.nextClearBit(next);
            next = taken.nextSetBit(first);
        }
        if (first + pages > SLOTS) {
            return -1;
        }
        reserved.set(first, first + (int) pages);
        return first;
    }

    /** Gives slots back; those with pages in them when these are gone. */
    public void unreserve(int first, int pages) {
        reserved.clear(first, first + pages);
    }

    /**
     * Copies a page in, if the slot is free.
     *
     * @return whether it was
     */
    public boolean fill(int slot, long hva) throws IOException {
        if (seen.get(slot) || filled.get(slot)) {
            return false;
        }
        layer.write((long) slot * PAGE, hva, PAGE);
        filled.set(slot);
        return true;
    }

    public boolean isFilled(int slot) {
        return filled.get(slot);
    }

    /** How many pages are in it. */
    public int pages() {
        return filled.cardinality();
    }

    Extent piece(long offset, long length, int slot) {
        return new Extent(offset, length, layer, (long) slot * PAGE);
    }

    MemorySegment page(int slot) {
        return window.asSlice((long) slot * PAGE, PAGE);
    }

    void see(int slot, int pages) {
        seen.set(slot, slot + pages);
    }

    /** Told of slots. */
    public interface Slots {
        void free(int slot);
    }

    /**
     * Frees pages that no memory sees any more. Only pages written since are unseen where they are
     * mapped, and only the caller maps more.
     *
     * @param members all that may have something of it; does nothing if there are others, too
     * @param freed told of each slot whose page is gone
     */
    public void collect(Collection<SharedMemory> members, Slots freed) throws IOException {
        collect(members.iterator(), new BitSet(), new BitSet(), 0, freed);
    }

    /** With the monitors of all members before held, so that none of them is forked meanwhile. */
    private void collect(
            Iterator<SharedMemory> members, BitSet mapped, BitSet used, int pieces, Slots freed)
            throws IOException {
        if (members.hasNext()) {
            SharedMemory member = members.next();
            synchronized (member) {
                int its = member.addUse(layer, mapped, used);
                collect(members, mapped, used, pieces + its, freed);
            }
        } else if (pieces == layer.users() - 1) { // else somebody else has some of it
            free(mapped, used, freed);
        }
    }

    private void free(BitSet mapped, BitSet used, Slots freed) {
        BitSet unused = (BitSet) filled.clone();
        unused.andNot(used);
        for (int slot = unused.nextSetBit(0); slot >= 0; ) {
            int end = unused.nextClearBit(slot);
            layer.discard((long) slot * PAGE, (long) (end - slot) * PAGE);
            for (int i = slot; i < end; i++) {
                freed.free(i);
            }
            slot = unused.nextSetBit(end);
        }
        filled.and(used);
        seen.and(mapped);
    }

    /** What members would need without it: a page for each place where one of it is seen. */
    public long seenBytes(Collection<SharedMemory> members) throws IOException {
        long bytes = 0;
        for (SharedMemory member : members) {
            bytes += member.seenBytes(layer);
        }
        return bytes;
    }

    /** Memories that have something of it keep that. */
    @Override
    public void close() {
        layer.release();
    }
}
