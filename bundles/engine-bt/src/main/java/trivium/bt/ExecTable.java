package trivium.bt;

import trivium.hostos.HostMemory;

/** One of the EXEC tables of {@link Area}, and what of it is filled. */
final class ExecTable {
    private static final byte LOCAL = 1, GLOBAL = 2, LISTED_LOCAL = 4, LISTED_GLOBAL = 8;

    private final long hva;

    /** Host addresses of how much translated code filled, and what. */
    private final long filled, filledList;

    /** By entry: what it was filled with last, and the lists that it is in. */
    private final byte[] kinds = new byte[Area.EXEC_ENTRIES];

    private final int[] local = new int[Area.EXEC_ENTRIES], global = new int[Area.EXEC_ENTRIES];
    private int locals, globals;
    private Mode mode;

    /**
     * @param area host address of the vCPU block
     * @param number of the table
     */
    ExecTable(long area, int number) {
        hva = area + Area.EXEC + number * Area.EXEC_BYTES;
        filled = area + Area.EXEC_FILLED + 4 * number;
        filledList = area + Area.EXEC_FILLED_LIST + 4 * number * Area.MOST_EXEC_FILLED;
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
     * @param at offset of the entry from the GS base
     * @param isGlobal whether this outlives {@link #clearLocal}
     */
    void put(int at, int cookie, long gsBase, boolean isGlobal) {
        long entryHva = gsBase + at;
        int entry = (int) (entryHva - hva) >>> 2;
        byte kind = kinds[entry];
        if (HostMemory.getInt(entryHva) == cookie && (kind & (isGlobal ? GLOBAL : LOCAL)) != 0) {
            return;
        }
        HostMemory.putInt(entryHva, cookie);
        kind &= ~(LOCAL | GLOBAL);
        if (isGlobal) {
            if ((kind & LISTED_GLOBAL) == 0) {
                global[globals++] = entry;
            }
            kind |= GLOBAL | LISTED_GLOBAL;
        } else {
            if ((kind & LISTED_LOCAL) == 0) {
                local[locals++] = entry;
            }
            kind |= LOCAL | LISTED_LOCAL;
        }
        kinds[entry] = kind;
    }

    void clear() {
        clearLocal();
        for (int i = 0; i < globals; i++) {
            put0(global[i]);
            kinds[global[i]] = 0;
        }
        globals = 0;
    }

    /** Clears all but what global pages are behind. */
    void clearLocal() {
        for (int i = 0; i < locals; i++) {
            int entry = local[i];
            if ((kinds[entry] & LOCAL) != 0) {
                put0(entry);
            }
            kinds[entry] &= ~(LOCAL | LISTED_LOCAL);
        }
        locals = 0;
        for (int i = filled() - 1; i >= 0; i--) {
            put0(HostMemory.getInt(filledList + 4L * i));
        }
        HostMemory.putInt(filled, 0);
    }

    private int filled() {
        return HostMemory.getInt(filled);
    }

    private void put0(int entry) {
        HostMemory.putInt(hva + 4L * entry, 0);
    }

    void clear(long linear) {
        if ((locals | globals | filled()) == 0) {
            return;
        }
        put0((int) (linear >>> 12) & Area.EXEC_ENTRIES - 1);
    }
}
