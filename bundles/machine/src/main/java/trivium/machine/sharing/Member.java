package trivium.machine.sharing;

import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import trivium.hostos.SharedMemory;

/** The RAM of a VM in a group, and what was found out about its pages. */
final class Member {
    /** Stops a VM for the moment. */
    interface Standstill {
        /**
         * Does something while no vCPU runs and no device works.
         *
         * @return false if it was not done: the VM is off, or busy with something else
         */
        boolean during(Runnable work);
    }

    final String vm;
    final SharedMemory ram;
    final Standstill standstill;

    /** The first of the group's slots that are kept for this RAM's pages. */
    final int base;

    /** Low bits of what each page's hash was when it was seen last. */
    private final int[] sums;

    /** What to merge at the next stop: page to slot. */
    final TreeMap<Integer, Integer> plans = new TreeMap<>();

    /** Pages that were zero. */
    final BitSet zeros = new BitSet();

    /** Where pages were mapped, as far as it is known. */
    final Map<Integer, Integer> merged = new HashMap<>();

    /** The page to look at next. */
    int cursor;

    Member(String vm, SharedMemory ram, Standstill standstill, int base) {
        this.vm = vm;
        this.ram = ram;
        this.standstill = standstill;
        this.base = base;
        sums = new int[pages(ram)];
    }

    static int pages(SharedMemory ram) {
        return (int) (ram.sizeBytes() / PageHash.PAGE);
    }

    int pages() {
        return sums.length;
    }

    /** Whether a page was the same when it was looked at last. */
    boolean settled(int page, long hash) {
        int sum = (int) hash | 1;
        boolean same = sums[page] == sum;
        sums[page] = sum;
        return same;
    }

    long hva(int page) {
        return ram.hva() + (long) page * PageHash.PAGE;
    }
}
