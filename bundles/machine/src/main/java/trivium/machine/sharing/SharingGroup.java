package trivium.machine.sharing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import trivium.hostos.ContentStore;
import trivium.hostos.Mappings;
import trivium.hostos.SharedMemory;
import trivium.vm.MemoryReport;

/**
 * VMs that trust each other so far that they may have pages in common. Pages that stay as they are
 * from one look to the next are looked up by hash: in the store, then among those seen in this
 * pass. What is equal goes to the store and is mapped from there, compared again while its VM
 * stands still; so no write is ever lost, and the host's MMU gives a VM that writes a page of its
 * own. All under this object's monitor; the VMs' locks are taken below it.
 */
final class SharingGroup implements AutoCloseable {
    /** Pages between two that are equal may lie below the same mapping and stay the VM's own. */
    private static final int MOST_BETWEEN = 16;

    private static final int MOST_PIECES = 16_384;

    private record Place(Member member, int page) {}

    private final String name;
    private final ContentStore store;
    private final List<Member> members = new ArrayList<>();

    /** Slots by hash, and back. */
    private final Map<Long, Integer> slots = new HashMap<>();

    private final Map<Integer, Long> hashes = new HashMap<>();

    /** Pages of this pass that are like none before. */
    private final Map<Long, Place> candidates = new HashMap<>();

    private int next;
    private long scanned;
    private final Rate rate = new Rate();

    SharingGroup(String name) throws IOException {
        this.name = name;
        store = new ContentStore(name);
    }

    synchronized void join(Member.Standstill standstill, String vm, SharedMemory ram) {
        members.add(new Member(vm, ram, standstill, store.reserve(Member.pages(ram))));
    }

    /**
     * @return whether nobody is left
     */
    synchronized boolean leave(String vm) {
        members.removeIf(m -> {
            boolean gone = m.vm.equals(vm);
            if (gone && m.base >= 0) {
                store.unreserve(m.base, m.pages());
            }
            return gone;
        });
        candidates.clear();
        next = 0;
        return members.isEmpty();
    }

    // --- looking

    /**
     * Looks at some pages, and merges what is equal.
     *
     * @return how many were looked at; 0 at the end of a pass
     */
    synchronized int scan(int pages) throws IOException {
        while (next < members.size() && members.get(next).cursor >= members.get(next).pages()) {
            next++;
        }
        if (next == members.size()) {
            endPass();
            return 0;
        }
        Member member = members.get(next);
        int first = member.cursor, count = Math.min(pages, member.pages() - first);
        BitSet own =
                member.ram.ownPages((long) first * PageHash.PAGE, (long) count * PageHash.PAGE);
        member.cursor += count;
        int looked = 0;
        for (int page = own.nextSetBit(0); page >= 0; page = own.nextSetBit(page + 1)) {
            look(member, page);
            looked++;
        }
        for (Member one : members) {
            merge(one);
        }
        scanned += looked;
        rate.add(looked);
        return Math.max(1, looked);
    }

    private void look(Member member, int page) throws IOException {
        long hash = PageHash.of(member.hva(page));
        if (!member.settled(page, hash)) {
            return;
        }
        if (hash == PageHash.ZEROS) {
            member.zeros.set(page);
            return;
        }
        Integer slot = slotFor(member, page, hash);
        if (slot != null) {
            member.plans.put(page, slot);
            return;
        }
        Place other = candidates.putIfAbsent(hash, new Place(member, page));
        if (other != null && (other.page != page || other.member != member)) {
            if (!keep(other, hash)) {
                keep(new Place(member, page), hash);
            }
            slot = slots.get(hash);
            if (slot != null) {
                other.member.plans.put(other.page, slot);
                member.plans.put(page, slot);
            }
        }
    }

    /** Behind the slot of the page before, if that has the content: then one mapping has both. */
    private Integer slotFor(Member member, int page, long hash) {
        Integer before = member.plans.get(page - 1);
        before = before == null ? member.merged.get(page - 1) : before;
        Long there = before == null ? null : hashes.get(before + 1);
        return there != null && there == hash ? Integer.valueOf(before + 1) : slots.get(hash);
    }

    /** Copies a page to the slot kept for it, if that is free. */
    private boolean keep(Place place, long hash) throws IOException {
        int slot = place.member.base + place.page;
        boolean kept = place.member.base >= 0 && store.fill(slot, place.member.hva(place.page));
        if (kept) {
            slots.put(hash, slot);
            hashes.put(slot, hash);
        }
        return kept;
    }

    private void endPass() throws IOException {
        candidates.clear();
        next = 0;
        members.forEach(m -> m.cursor = 0);
        store.collect(rams(), this::forget);
    }

    private List<SharedMemory> rams() {
        return members.stream().map(m -> m.ram).toList();
    }

    private void forget(int slot) {
        Long hash = hashes.remove(slot);
        if (hash != null) {
            slots.remove(hash, slot);
        }
    }

    // --- merging

    private void merge(Member member) {
        if (member.plans.isEmpty() && member.zeros.isEmpty()) {
            return;
        }
        boolean done = member.standstill.during(() -> mergeHeld(member));
        if (done) {
            member.merged.putAll(member.plans);
        }
        member.plans.clear();
        member.zeros.clear();
    }

    private void mergeHeld(Member member) {
        try {
            int most = Math.min(MOST_PIECES, Mappings.most() / 2 / members.size());
            for (int[] run : runs(member)) {
                member.ram.merge(run[0], run[1], store, run[2], most);
            }
            for (int page = member.zeros.nextSetBit(0); page >= 0; ) {
                int end = member.zeros.nextClearBit(page);
                member.ram.dropZeros(page, end - page);
                page = member.zeros.nextSetBit(end);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What was planned in as few pieces as possible: page, number of pages, slot. */
    private static List<int[]> runs(Member member) throws IOException {
        List<int[]> runs = new ArrayList<>();
        if (member.plans.isEmpty()) {
            return runs;
        }
        int first = member.plans.firstKey(), last = member.plans.lastKey();
        BitSet own =
                member.ram.ownPages(
                        (long) first * PageHash.PAGE, (last - first + 1L) * PageHash.PAGE);
        int[] run = null;
        for (var plan : member.plans.entrySet()) {
            int page = plan.getKey(), slot = plan.getValue();
            int end = run == null ? 0 : run[0] + run[1];
            boolean goesOn =
                    run != null
                            && slot - run[2] == page - run[0]
                            && page - end <= MOST_BETWEEN
                            && own.nextClearBit(end) >= page;
            if (goesOn) {
                run[1] = page + 1 - run[0];
            } else {
                run = new int[] {page, 1, slot};
                runs.add(run);
            }
        }
        return runs;
    }

    // --- figures

    synchronized MemoryReport.Group report() throws IOException {
        long stored = (long) store.pages() * PageHash.PAGE;
        long sharedBytes = store.seenBytes(rams());
        return new MemoryReport.Group(
                name,
                members.stream().map(m -> m.vm).toList(),
                stored,
                Math.max(0, sharedBytes - stored),
                rate.perSecond(),
                scanned);
    }

    /** Memories keep what they have. */
    @Override
    public synchronized void close() {
        store.close();
    }
}
