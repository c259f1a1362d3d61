package trivium.vt;

import java.util.BitSet;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import trivium.memory.PhysicalMemory;

/**
 * The guest-physical pages whose code KVM may execute, for all vCPUs of a VM: what they hold was
 * looked at ({@link Vetting}), and nobody writes them unseen. In KVM no shadow table maps such a
 * page writable; in software it is watched like any page with code. One that is written is no code
 * any more until it is looked at again. Guarded by the {@link VtVm}, but for {@link #watches}.
 */
final class CodePages {
    private static final int SHIFT = 12, MOST = 1 << 16;

    /** A page that is code and data in turn so often stays data until it was left alone a while. */
    private static final int MOST_CHANGES = 6;

    private static final long LEFT_ALONE_NANOS = 100_000_000;

    /** How long something is taken for what it was: nobody tells of writes to what is no code. */
    private static final long REFUSED_NANOS = 20_000_000;

    private static final class Page {
        /** Bits of {@link Vetting}. */
        int found;

        byte[] first, last;

        /**
         * Where it was entered since it held what it holds, and a sum of that, until it is code.
         */
        final BitSet entries = new BitSet();

        long sum;

        /** How many entries were known when it was last looked at; -1: it was not, as it is. */
        int looked = -1;

        /**
         * @param sum of what it holds now
         * @param entry where in it an instruction begins; -1: not known
         */
        void entered(long sum, int entry) {
            if (sum != this.sum) {
                forget();
                this.sum = sum;
            }
            if (entry >= 0) {
                entries.set(entry);
            }
        }

        /** Whether another look may tell something else that counts. */
        boolean newer(int not) {
            boolean more = entries.cardinality() > looked;
            return looked < 0 || more && ((found & Vetting.HOST) != 0 || (found & not) == 0);
        }

        void forget() {
            entries.clear();
            looked = -1;
        }

        boolean vetted, watched;
        int changes;
        long at;

        /** The others' stretches in software when it began to be watched. */
        Map<Software, Long> stretches;
    }

    private final VtVm vm;
    private final PhysicalMemory memory;
    private final Vetting vetting;
    private final Map<Long, Page> pages = new ConcurrentHashMap<>();
    private final BitSet vetted = new BitSet();

    CodePages(VtVm vm, PhysicalMemory memory, boolean umip) {
        this.vm = vm;
        this.memory = memory;
        vetting = new Vetting(umip);
    }

    /** Whether the page must not be written in KVM. */
    boolean isCode(long gpa) {
        return vetted.get((int) (gpa >>> SHIFT));
    }

    /**
     * Whether KVM may execute the page.
     *
     * @param not bits of {@link Vetting} that it must not have
     */
    boolean executable(long gpa, int not) {
        return isCode(gpa) && (pages.get(gpa >>> SHIFT).found & not) == 0;
    }

    /** Whether two pages of code must not follow each other: an instruction lies in both. */
    boolean clash(long gpa, long next) {
        Page page = pages.get(gpa >>> SHIFT);
        return (page.found & Vetting.OPEN) != 0
                && vetting.tell(page.last, pages.get(next >>> SHIFT).first);
    }

    /**
     * Makes a page code, if it can be.
     *
     * @param entry where in it an instruction begins; -1: not known
     * @param mine who asks
     * @return whether KVM may execute it; no shadow table maps it writable then
     */
    boolean vet(long gpa, int entry, int not, Software mine) {
        if (isCode(gpa)) {
            return executable(gpa, not);
        }
        long host = vm.codeHost(gpa);
        if (host == 0) {
            return false;
        }
        if (pages.size() >= MOST) {
            pages.values().removeIf(page -> !page.watched);
            if (pages.size() >= MOST) {
                return false;
            }
        }
        Page page = pages.computeIfAbsent(gpa >>> SHIFT, _ -> new Page());
        long now = System.nanoTime();
        boolean waits = !page.watched && waits(page, not, now);
        if (waits && (page.found & Vetting.HOST) == 0) {
            return false; // another entry would not help
        }
        vetting.look(host);
        page.entered(vetting.sum(), entry);
        if (waits) {
            return false;
        }
        if (page.newer(not)) {
            page.found = vetting.of(page.entries);
            page.looked = page.entries.cardinality();
        }
        page.at = now;
        if ((page.found & not) != 0) {
            unwatch(page, gpa);
            return false;
        }
        if (!unseenByNone(page, gpa, mine)) {
            return false;
        }
        vm.stripWrite(gpa);
        if (!vetting.same(host)) {
            return false; // somebody wrote meanwhile
        }
        page.first = vetting.edge(false);
        page.last = vetting.edge(true);
        page.forget();
        page.vetted = true;
        vetted.set((int) (gpa >>> SHIFT));
        return true;
    }

    private static boolean waits(Page page, int not, long now) {
        if (page.changes >= MOST_CHANGES) {
            if (now - page.at < LEFT_ALONE_NANOS) {
                return true;
            }
            page.changes = 0;
        }
        return (page.found & not) != 0 && now - page.at < REFUSED_NANOS;
    }

    /**
     * Watches a page. Other vCPUs in software may still know where to write it; they have forgotten
     * when they end the stretch they are in.
     */
    private boolean unseenByNone(Page page, long gpa, Software mine) {
        if (!page.watched) {
            page.watched = true;
            memory.trackCode(gpa);
            page.stretches = new IdentityHashMap<>();
            vm.softwares().forEach(other -> page.stretches.put(other, other.stretch()));
            page.stretches.remove(mine);
        }
        page.stretches
                .entrySet()
                .removeIf(e ->
                        !Software.running(e.getValue()) || e.getKey().stretch() != e.getValue());
        return page.stretches.isEmpty();
    }

    private void unwatch(Page page, long gpa) {
        if (page.watched) {
            page.watched = false;
            memory.untrackCode(gpa);
        }
    }

    /** Whether a write to the page is of interest. On any thread. */
    boolean watches(long gpa) {
        return !pages.isEmpty() && pages.containsKey(gpa >>> SHIFT);
    }

    /** The page was written, or is about to be in KVM: it is no code any more. */
    void written(long gpa) {
        Page page = pages.get(gpa >>> SHIFT);
        if (page == null || !page.watched) {
            return;
        }
        if (page.vetted) {
            page.vetted = false;
            vetted.clear((int) (gpa >>> SHIFT));
            page.changes++;
            page.at = System.nanoTime();
            vm.stripExecute(gpa);
        }
        page.found = 0;
        page.forget();
        unwatch(page, gpa);
    }

    /** Forgets all; no shadow table has any of it. */
    void clear() {
        for (Map.Entry<Long, Page> page : new HashMap<>(pages).entrySet()) {
            unwatch(page.getValue(), page.getKey() << SHIFT);
        }
        pages.clear();
        vetted.clear();
    }
}
