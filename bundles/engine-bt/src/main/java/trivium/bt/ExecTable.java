package trivium.bt;

import trivium.hostos.HostMemory;

/** One of the two EXEC tables of {@link Area}, and what of it is filled. */
final class ExecTable {
    private static final int FEW = 512;

    private final long hva;
    private final int[] filled = new int[FEW];
    private int fills;
    private Mode mode;

    ExecTable(long hva) {
        this.hva = hva;
    }

    /**
     * What is in it holds for one mode.
     *
     * @return whether that is another than before
     */
    boolean use(Mode now) {
        if (now == mode) {
            return false;
        }
        mode = now;
        clear();
        return true;
    }

    /**
     * @param entry offset of the entry from the GS base
     */
    void put(int entry, int cookie, long gsBase) {
        if (HostMemory.getInt(gsBase + entry) != cookie) {
            HostMemory.putInt(gsBase + entry, cookie);
            if (fills < FEW) {
                filled[fills] = (int) (gsBase + entry - hva);
            }
            fills = Math.min(fills + 1, FEW + 1);
        }
    }

    void clear() {
        if (fills > FEW) {
            HostMemory.fill(hva, Area.EXEC_BYTES, (byte) 0);
        } else {
            for (int i = 0; i < fills; i++) {
                HostMemory.putInt(hva + filled[i], 0);
            }
        }
        fills = 0;
    }

    void clear(long linear) {
        HostMemory.putInt(hva + ((int) (linear >>> 12) & Area.EXEC_ENTRIES - 1) * 4L, 0);
    }
}
