package trivium.mmu.nested.internal;

import java.util.BitSet;
import trivium.memory.DirtyLog;
import trivium.memory.MemoryListener;
import trivium.memory.PhysicalMemory;
import trivium.memory.PhysicalMemory.WriteListener;

/**
 * The second level of one VM: its {@link Ept}, filled on violations from what {@link
 * PhysicalMemory} says, and its dirty log. What is no plain memory stays out of it: a violation
 * that remains one is an access to a device, to ROM, or to a page with code.
 *
 * <pre>
 * read:  leaf = ept[gpa]; leaf.R && leaf.A            ? page : violation
 * write: leaf = ept[gpa]; leaf.W && leaf.A && leaf.D  ? page : violation
 * </pre>
 *
 * Safe on any thread: reads take no lock, all changes hold this object's monitor, which is never
 * held while somebody else is called who may take locks. A change that takes something away counts
 * {@link #generation} up, as INVEPT would tell the processors.
 */
final class SecondLevel implements MemoryListener, WriteListener {
    private static final int PAGE_SHIFT = 12, PAGE = PhysicalMemory.PAGE_BYTES;
    private static final int LARGE_PAGES = (int) (Ept.LARGE_BYTES / PAGE);

    final PhysicalMemory memory;

    private volatile Ept ept = new Ept();
    private volatile int generation = 1;

    /** How many MMUs and logs use it. */
    private int users;

    /** Null if nothing is logged: then large pages are used where they can be. */
    private BitSet dirty;

    private long violations;

    SecondLevel(PhysicalMemory memory) {
        this.memory = memory;
        memory.addListener(this);
    }

    /** Changes when what was cached of it may be wrong. */
    int generation() {
        return generation;
    }

    Ept ept() {
        return ept;
    }

    synchronized long violations() {
        return violations;
    }

    /**
     * The host address of a page for an access, as the processor would find it with accessed and
     * dirty flags set; 0 if the access cannot go straight to memory.
     */
    long host(long gpa, boolean write) {
        long at = gpa & memory.a20Mask() & -PAGE;
        long leaf = ept.find(at);
        long needed = write ? Ept.W | Ept.A | Ept.D : Ept.R | Ept.A;
        return (leaf & needed) == needed ? Ept.page(leaf, at) : violation(at, write);
    }

    /**
     * An access to a page.
     *
     * @return whether writes to it need not be seen here until the generation changes
     */
    boolean touch(long gpa, boolean write) {
        if (write) {
            return host(gpa, true) != 0;
        }
        host(gpa, false);
        long leaf = ept.find(gpa & memory.a20Mask());
        return (leaf & (Ept.W | Ept.D)) == (Ept.W | Ept.D);
    }

    /** What memory says is looked at under the lock, so that no notice of a change overtakes it. */
    private synchronized long violation(long gpa, boolean write) {
        violations++;
        long readable = memory.readableHost(gpa), writable = memory.writableHost(gpa);
        long host = write ? writable : readable;
        if (host == 0) {
            return 0;
        }
        // An entry has one address, and none can be written that cannot be read.
        boolean mappable = readable != 0 && (writable == 0 || writable == readable);
        if (mappable && gpa >>> Ept.ADDRESS_BITS == 0) {
            long rights = Ept.R | Ept.X | (writable != 0 ? Ept.W : 0);
            fill(gpa, readable, rights, Ept.A | (write ? Ept.D : 0));
        } else if (write && dirty != null) {
            dirty.set((int) (gpa >>> PAGE_SHIFT));
        }
        return host;
    }

    private void fill(long gpa, long host, long rights, long flags) {
        long leaf = ept.find(gpa);
        if ((leaf & Ept.LARGE) != 0) {
            ept.change(gpa, flags, 0);
        } else if (leaf != 0) {
            ept.change(gpa, rights | flags, 0);
        } else if (dirty == null && (rights & Ept.W) != 0 && wholeLarge(gpa & -Ept.LARGE_BYTES)) {
            long base = gpa & -Ept.LARGE_BYTES;
            ept.mapLarge(base, memory.readableHost(base), rights | flags);
        } else {
            ept.map(gpa, host, rights | flags);
        }
    }

    /** Whether 2 MiB are RAM without code, in one piece and aligned as a large page must be. */
    private boolean wholeLarge(long base) {
        long host = memory.readableHost(base);
        if (host == 0 || host % Ept.LARGE_BYTES != 0 || smallThere(base)) {
            return false;
        }
        for (int i = 0; i < LARGE_PAGES; i++) {
            long at = base + (long) i * PAGE, page = host + (long) i * PAGE;
            if (memory.readableHost(at) != page
                    || memory.writableHost(at) != page
                    || (at & memory.a20Mask()) != at) {
                return false;
            }
        }
        return true;
    }

    private boolean smallThere(long base) {
        for (int i = 0; i < LARGE_PAGES; i++) {
            if (ept.find(base + (long) i * PAGE) != 0) {
                return true;
            }
        }
        return false;
    }

    // ---- changes of memory

    @Override
    public synchronized void mappingChanged() {
        harvest();
        ept = new Ept();
        generation++;
    }

    /** This one asked for it itself. */
    @Override
    public void storesStale() {}

    /**
     * Stores to the page are to be seen, so the entry loses its W. What is cached may stay: memory
     * has no host address for stores to it, and dirty it is.
     */
    @Override
    public synchronized void codeTracked(long gpa) {
        ept.split(gpa);
        ept.change(gpa, 0, Ept.W);
    }

    @Override
    public void codeWritten(long gpa, int length) {}

    // ---- the dirty log

    /** Moves dirty flags into the log, if there is one. */
    private void harvest() {
        if (dirty != null) {
            ept.forEach((gpa, _, leaf) -> {
                if ((leaf & Ept.D) != 0) {
                    dirty.set((int) (gpa >>> PAGE_SHIFT));
                    ept.change(gpa, 0, Ept.D);
                }
            });
        }
    }

    @Override
    public void written(long gpa) {
        synchronized (this) {
            if (dirty != null) {
                dirty.set((int) (gpa >>> PAGE_SHIFT));
            }
        }
    }

    private synchronized void begin() {
        if (dirty != null) {
            throw new IllegalStateException("there is a dirty log of this VM already");
        }
        dirty = new BitSet();
        ept = new Ept();
        generation++;
    }

    private synchronized BitSet take() {
        harvest();
        generation++;
        BitSet taken = dirty;
        dirty = new BitSet();
        return taken;
    }

    /** From then on large pages may be used where no small one is. */
    private synchronized void end() {
        dirty = null;
        ept = new Ept();
        generation++;
    }

    /** Begins a log, which closes {@code done} at its end. */
    DirtyLog log(Runnable done) {
        begin();
        memory.addWriteListener(this);
        memory.dropStores();
        return new DirtyLog() {
            private boolean closed;

            @Override
            public BitSet collect() {
                BitSet taken = take();
                memory.dropStores();
                return taken;
            }

            @Override
            public void close() {
                if (!closed) {
                    closed = true;
                    memory.removeWriteListener(SecondLevel.this);
                    end();
                    done.run();
                }
            }
        };
    }

    // ---- life, guarded by the strategy

    void use() {
        users++;
    }

    /**
     * @return whether nobody uses it any more
     */
    boolean release() {
        if (--users == 0) {
            memory.removeListener(this);
            return true;
        }
        return false;
    }
}
