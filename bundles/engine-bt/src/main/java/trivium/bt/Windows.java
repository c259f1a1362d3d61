package trivium.bt;

import java.util.Map;
import trivium.hostos.HostMemory;
import trivium.mmu.LinearWindow;
import trivium.x86.interp.Cpu;

/**
 * Opens pages of the strategy's {@link LinearWindow} where hot code faulted, and sees whether that
 * pays: a fault and its mapping take some ten microseconds, which code gets back after some tens of
 * thousands of instructions without look-ups. Where pages are opened more often than that, as when
 * a kernel changes between processes all the time, hot code goes without for a while.
 */
final class Windows {
    /** What {@link #open} answers: or there is a fault, to be seen by doing the access. */
    static final int OPENED = 0, REFUSED = 1, FAULT = 2;

    /** So often it is asked whether it pays: if so many instructions were done for each page. */
    private static final int ASKED = 256;

    private static final long WORTH = 50_000;

    /**
     * Hot code, for which it is translated anew, has windows again when the guest has stayed in an
     * address space for so many instructions: at first, at most.
     */
    private static final long LEAST_STAY = 30_000_000, MOST_STAY = LEAST_STAY << 6;

    /** When it could not be opened so often, it is given up. */
    private static final int MOST_FAILURES = 64;

    private static final int PAGE_BYTES = 4096;
    private static final long PAGE = -PAGE_BYTES, CONTIGUOUS_BYTES = 2 << 20;

    private final Cpu c;
    private final LinearWindow window;

    /** How many pages, or runs of pages, were opened since it was asked, and before. */
    private long opened, everOpened;

    private long timesOff;

    private long askedAt, switchedAt;
    private long stay = LEAST_STAY;
    private boolean resting;

    private int failures;

    private final long worth;

    /**
     * @param always whether it is not asked if it pays
     */
    Windows(Cpu c, boolean always) {
        this.c = c;
        worth = always ? 0 : WORTH;
        resting = !always;
        window = c.window;
    }

    /**
     * Opens the page of a faulting access, and in a range of contiguous ones those beside it.
     *
     * @param linear may lie behind the window's end
     */
    int open(long linear, boolean write) {
        if (linear >= LinearWindow.SIZE_BYTES) {
            return REFUSED;
        }
        long source = c.windowSource(linear, write);
        if (source < 0) {
            return source == Cpu.FAULTS ? FAULT : REFUSED;
        }
        boolean stores = (source & Cpu.STORES) != 0;
        long page = linear & PAGE, host = source & PAGE, from = page, end = page + PAGE_BYTES;
        if ((source & Cpu.CONTIGUOUS) != 0) {
            long lowest = page & -CONTIGUOUS_BYTES;
            while (from > lowest && continues(from - PAGE_BYTES, host - page, stores)) {
                from -= PAGE_BYTES;
            }
            while (end < lowest + CONTIGUOUS_BYTES && continues(end, host - page, stores)) {
                end += PAGE_BYTES;
            }
        }
        opened++;
        if (window.open(from, host - page + from, end - from, stores)) {
            HostMemory.putInt(c.area + Area.WINDOW_OPEN, 1);
            return OPENED;
        }
        if (++failures == MOST_FAILURES) {
            // Memory that is shared with other VMs, not just some of a device.
            resting = true;
            stay = Long.MAX_VALUE;
        }
        return REFUSED;
    }

    /** Whether a page without paging is the next of a run. */
    private boolean continues(long page, long host, boolean stores) {
        return c.memory.readableHost(page) == host + page
                && (c.memory.writableHost(page) == host + page) == stores;
    }

    void closeAll() {
        window.closeAll();
        HostMemory.putInt(c.area + Area.WINDOW_OPEN, 0);
    }

    /** The guest is in another address space. */
    void switched() {
        closeAll();
        switchedAt = instructions();
    }

    void close(long linear) {
        window.close(linear);
    }

    void closeStores(long hvaPage) {
        window.closeStores(hvaPage);
    }

    /**
     * @return whether hot code should use windows now
     */
    boolean pay() {
        long now = instructions();
        if (resting) {
            resting = now - switchedAt < stay;
        } else if (opened < ASKED) {
            return true;
        } else if (now - askedAt < worth * opened) {
            resting = true;
            timesOff++;
            stay = Math.min(2 * stay, MOST_STAY);
        } else {
            stay = Math.max(stay / 2, LEAST_STAY);
        }
        everOpened += opened;
        opened = 0;
        askedAt = now;
        return !resting;
    }

    void count(Map<String, Long> map) {
        map.put("window-on", resting ? 0L : 1L);
        map.put("window-pages-opened", everOpened + opened);
        map.put("window-times-off", timesOff);
    }

    private long instructions() {
        return HostMemory.getLong(c.area + Area.COUNT);
    }
}
