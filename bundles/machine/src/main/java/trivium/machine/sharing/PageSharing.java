package trivium.machine.sharing;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import trivium.hostos.SharedMemory;
import trivium.vm.MemoryReport;

/**
 * Finds equal pages in VMs of the same group, on a thread of its own that looks at so many pages a
 * second and sleeps between.
 */
public final class PageSharing implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PageSharing.class);

    /** Takes a few percent of a CPU. */
    public static final int USUAL_PAGES_PER_SECOND = 20_000;

    /** Pages looked at in one go. */
    private static final int PORTION = 1024;

    private static final int PASS_MILLIS = 100;

    private final Map<String, SharingGroup> groups = new ConcurrentSkipListMap<>();
    private volatile int pagesPerSecond = USUAL_PAGES_PER_SECOND;

    // Guarded by this.
    private Thread scanner;
    private boolean closed;

    /**
     * @param pages to look at in a second; 0 looks at none
     */
    public synchronized void setPagesPerSecond(int pages) {
        pagesPerSecond = pages;
        notifyAll();
    }

    /**
     * A VM whose RAM is private ({@link SharedMemory#makePrivate}) joins a group.
     *
     * @throws IOException if this host cannot share memory
     */
    public synchronized void join(String group, String vm, SharedMemory ram, Standstill standstill)
            throws IOException {
        SharingGroup joined = groups.get(group);
        if (joined == null) {
            joined = new SharingGroup(group);
            groups.put(group, joined);
        }
        joined.join(standstill::during, vm, ram);
        if (scanner == null && !closed) {
            scanner = Thread.ofPlatform().daemon().name("trivium-page-sharing").start(this::run);
        }
    }

    /** Stops a VM for the moment. */
    public interface Standstill {
        /**
         * Does something while no vCPU runs and no device works; does not wait for other work.
         *
         * @return whether it was done
         */
        boolean during(Runnable work);
    }

    /** Its power is off. Nothing happens if it is in no group. */
    public synchronized void leave(String vm) {
        groups.values()
                .removeIf(group -> {
                    boolean empty = group.leave(vm);
                    if (empty) {
                        group.close();
                    }
                    return empty;
                });
        notifyAll();
    }

    /** All groups as they are now. */
    public List<MemoryReport.Group> report() throws IOException {
        List<MemoryReport.Group> all = new ArrayList<>();
        for (SharingGroup group : groups.values()) {
            all.add(group.report());
        }
        return all;
    }

    private void run() {
        try {
            while (goesOn()) {
                for (Map.Entry<String, SharingGroup> group : groups.entrySet()) {
                    scan(group.getKey(), group.getValue());
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Waits while there is nothing to do. @return false when it is time to end */
    private synchronized boolean goesOn() throws InterruptedException {
        while (!closed && pagesPerSecond == 0) {
            wait();
        }
        if (groups.isEmpty() || closed) {
            scanner = null;
            return false;
        }
        return true;
    }

    private void scan(String name, SharingGroup group) throws InterruptedException {
        long start = System.nanoTime();
        int looked = 0;
        try {
            looked = group.scan(PORTION);
        } catch (IOException | RuntimeException e) {
            LOG.warn("page sharing group {}: a look failed", name, e);
        }
        long due = looked == 0 ? PASS_MILLIS * 1_000_000L : nanosFor(looked);
        long left = due - (System.nanoTime() - start);
        Thread.sleep(Math.max(1, left / 1_000_000));
    }

    private long nanosFor(int pages) {
        return pages * 1_000_000_000L / Math.max(1, pagesPerSecond);
    }

    @Override
    public synchronized void close() {
        closed = true;
        notifyAll();
    }
}
