package trivium.mmu.shadow.internal;

import java.io.IOException;
import java.util.Arrays;
import trivium.hostos.AddressWindow;
import trivium.mmu.LinearWindow;

/** A {@link LinearWindow} of host mappings, and what is in it. */
final class ShadowWindow implements LinearWindow {
    /** After so many pieces all are closed: the host allows a process some 65,000 mappings. */
    private static final int MOST_PIECES = 8192;

    private static final int PAGE_SHIFT = 12, PART_SHIFT = 22, PART_PAGES = 1 << 10;
    private static final long PAGE_BYTES = 1 << PAGE_SHIFT;
    private static final long WRITABLE = 1;

    private final AddressWindow window;

    /** By 4 MiB, by page: the source's address, with WRITABLE; 0: closed. Null: all are. */
    private final long[][] parts = new long[(int) (SIZE_BYTES >>> PART_SHIFT)][];

    /** Nothing is open outside of these linear addresses. */
    private long low = SIZE_BYTES, high;

    private int pieces;

    ShadowWindow(int vcpu) throws IOException {
        window = AddressWindow.reserve("window of vCPU " + vcpu, ROOM_BYTES, SIZE_BYTES);
    }

    @Override
    public long hva() {
        return window.hva();
    }

    @Override
    public boolean open(long linear, long source, long bytes, boolean writable) {
        if (pieces == MOST_PIECES) {
            closeAll();
        }
        if (!window.show(linear, source, bytes, writable)) {
            return false;
        }
        pieces++;
        low = Math.min(low, linear);
        high = Math.max(high, linear + bytes);
        for (long at = 0; at < bytes; at += PAGE_BYTES) {
            part(linear + at)[page(linear + at)] = source + at | (writable ? WRITABLE : 0);
        }
        return true;
    }

    private long[] part(long linear) {
        int n = (int) (linear >>> PART_SHIFT);
        if (parts[n] == null) {
            parts[n] = new long[PART_PAGES];
        }
        return parts[n];
    }

    private static int page(long linear) {
        return (int) (linear >>> PAGE_SHIFT) & PART_PAGES - 1;
    }

    @Override
    public void close(long linear) {
        long at = linear & SIZE_BYTES - PAGE_BYTES;
        long[] part = parts[(int) (at >>> PART_SHIFT)];
        if (part != null && part[page(at)] != 0) {
            window.hide(at, PAGE_BYTES);
            part[page(at)] = 0;
        }
    }

    @Override
    public void closeAll() {
        if (low >= high) {
            return;
        }
        window.hideAll(low, high - low);
        for (long at = low & -1L << PART_SHIFT; at < high; at += 1L << PART_SHIFT) {
            long[] part = parts[(int) (at >>> PART_SHIFT)];
            if (part != null) {
                Arrays.fill(part, 0);
            }
        }
        low = SIZE_BYTES;
        high = 0;
        pieces = 0;
    }

    @Override
    public void closeStores(long source) {
        for (long at = low & -1L << PART_SHIFT; at < high; at += 1L << PART_SHIFT) {
            long[] part = parts[(int) (at >>> PART_SHIFT)];
            for (int page = 0; part != null && page < PART_PAGES; page++) {
                if (part[page] == (source | WRITABLE)) {
                    window.makeReadOnly(at + (long) page * PAGE_BYTES, PAGE_BYTES);
                    part[page] = source;
                }
            }
        }
    }
}
