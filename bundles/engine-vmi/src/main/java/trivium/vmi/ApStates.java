package trivium.vmi;

import java.util.ArrayList;
import java.util.List;

/**
 * The states that other vCPUs shall start with, by APIC id, as SetInitialAPState brings them: each
 * vCPU names one and then gives its doublewords one after the other. The device's monitor is held.
 */
final class ApStates {
    /** Saved registers; states by APIC id, empty if there is none. */
    record State(List<int[]> ready, List<int[]> coming, int[] whose, int[] position, int[] own) {}

    private final int[][] ready, coming;

    /** By the vCPU that gives it: whose state it is giving, and how much of it came. */
    private final int[] whose, position;

    /** By vCPU: which doubleword of its own it reads next. */
    private final int[] own;

    ApStates(int cpus) {
        ready = new int[cpus][0];
        coming = new int[cpus][RomCode.AP_STATE_DWORDS];
        whose = new int[cpus];
        position = new int[cpus];
        own = new int[cpus];
        reset();
    }

    void reset() {
        for (int cpu = 0; cpu < ready.length; cpu++) {
            ready[cpu] = new int[0];
            whose[cpu] = -1;
            position[cpu] = own[cpu] = 0;
        }
    }

    void begin(int cpu, int apicId) {
        whose[cpu] = apicId >= 0 && apicId < ready.length ? apicId : -1;
        position[cpu] = 0;
    }

    void add(int cpu, int value) {
        if (whose[cpu] < 0) {
            return;
        }
        coming[cpu][position[cpu]++] = value;
        if (position[cpu] == RomCode.AP_STATE_DWORDS) {
            ready[whose[cpu]] = coming[cpu].clone();
            begin(cpu, -1);
        }
    }

    boolean ready(int cpu) {
        return ready[cpu].length > 0;
    }

    /**
     * @param which of the doublewords is read next; another number forgets the state
     */
    void select(int cpu, int which) {
        if (which >= 0 && which < RomCode.AP_STATE_DWORDS) {
            own[cpu] = which;
        } else {
            ready[cpu] = new int[0];
        }
    }

    int read(int cpu) {
        return ready(cpu) ? ready[cpu][own[cpu]] : 0;
    }

    State save() {
        return new State(
                copies(ready), copies(coming), whose.clone(), position.clone(), own.clone());
    }

    private static List<int[]> copies(int[][] all) {
        List<int[]> list = new ArrayList<>();
        for (int[] one : all) {
            list.add(one.clone());
        }
        return list;
    }

    /**
     * @throws IllegalArgumentException if it is of another number of vCPUs
     */
    void restore(State s) {
        boolean fits = s.ready.size() == ready.length && s.coming.size() == ready.length;
        for (int i = 0; fits && i < ready.length; i++) {
            int length = s.ready.get(i).length;
            fits = length == 0 || length == RomCode.AP_STATE_DWORDS;
            fits &= s.coming.get(i).length == RomCode.AP_STATE_DWORDS;
        }
        if (!fits || s.whose.length != ready.length) {
            throw new IllegalArgumentException("not a state of %d vCPUs".formatted(ready.length));
        }
        for (int i = 0; i < ready.length; i++) {
            ready[i] = s.ready.get(i).clone();
            coming[i] = s.coming.get(i).clone();
            begin(i, s.whose[i]);
            position[i] = Math.clamp(s.position[i], 0, RomCode.AP_STATE_DWORDS - 1);
            select(i, Math.clamp(s.own[i], 0, RomCode.AP_STATE_DWORDS - 1));
        }
    }
}
