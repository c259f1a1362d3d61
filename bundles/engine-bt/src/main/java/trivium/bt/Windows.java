package trivium.bt;

import java.io.IOException;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import trivium.hostos.FaultRedirection;
import trivium.hostos.HostMemory;
import trivium.mmu.LinearWindow;
import trivium.x86.interp.Cpu;

/**
 * Opens pages of the strategy's {@link LinearWindow} where hot code faulted, and sees whether that
 * pays: a fault and its mapping take some ten microseconds, which code gets back after some tens of
 * thousands of instructions without look-ups. Where pages are opened more often than that, as when
 * a kernel changes between processes all the time, hot code goes without for a while.
 */
final class Windows implements AutoCloseable {
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

    private static final Logger LOG = LoggerFactory.getLogger(Windows.class);

    private final Cpu c;

    /** Null if there is none. */
    private final LinearWindow window;

    private final FaultRedirection faults;

    /** The last fault of this stay in generated code. */
    private long lastIp, lastLinear;

    /** How many pages, or runs of pages, were opened since it was asked, and before. */
    private long opened, everOpened;

    private long timesOff;

    private long askedAt, switchedAt;
    private long stay;
    private boolean resting;

    private int failures;

    private final long worth;

    /**
     * @param always whether it is not asked if it pays
     */
    Windows(Cpu c, CodeCache cache, boolean always) {
        this.c = c;
        worth = always ? 0 : WORTH;
        faults = c.window == null ? null : redirect(c, cache);
        window = faults == null ? null : c.window;
        resting = window == null || !always;
        stay = window == null ? Long.MAX_VALUE : LEAST_STAY;
    }

    private static FaultRedirection redirect(Cpu c, CodeCache cache) {
        try {
            long code = cache.stubs().enter(), data = c.window.hva();
            return FaultRedirection.of(
                    code,
                    code + cache.sizeBytes(),
                    data,
                    data + LinearWindow.SIZE_BYTES + LinearWindow.GUARD_BYTES,
                    c.area + Area.WINDOW_IP,
                    cache.stubs().fault());
        } catch (IOException e) {
            LOG.warn("vCPU {} goes on without a window", c.vcpu.index(), e);
            return null;
        }
    }

    /** Generated code is entered, or was left for another reason than a fault. */
    void left() {
        lastIp = 0;
    }

    /**
     * Opens the page of a faulting access, and in a range of contiguous ones those beside it.
     *
     * @param ip of the host instruction
     */
    int open(long ip, boolean write) {
        long linear = HostMemory.getLong(c.area + Area.WINDOW_ADDRESS) - window.hva();
        boolean again = ip == lastIp && linear == lastLinear;
        lastIp = ip;
        lastLinear = linear;
        // What faults again where the page is open now is nothing for us.
        if (again || linear >= LinearWindow.SIZE_BYTES) {
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
        if (window == null) {
            return;
        }
        window.closeAll();
        HostMemory.putInt(c.area + Area.WINDOW_OPEN, 0);
    }

    /** The guest is in another address space. */
    void switched() {
        closeAll();
        switchedAt = instructions();
    }

    void close(long linear) {
        if (window != null) {
            window.close(linear);
        }
    }

    void closeStores(long hvaPage) {
        if (window != null) {
            window.closeStores(hvaPage);
        }
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
        if (window == null) {
            return;
        }
        map.put("window-on", resting ? 0L : 1L);
        map.put("window-pages-opened", everOpened + opened);
        map.put("window-times-off", timesOff);
    }

    private long instructions() {
        return HostMemory.getLong(c.area + Area.COUNT);
    }

    /** Nobody runs the code any more. */
    @Override
    public void close() {
        if (faults != null) {
            faults.close();
        }
    }
}
