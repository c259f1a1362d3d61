package trivium.bt;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import trivium.cpu.VcpuState;
import trivium.x86.interp.Cpu;

/** The contexts seen since descriptor tables and system calls were where they are. */
final class Contexts {
    static final int NONE = -1;
    private static final int MOST = 64;

    private final List<Context> all = new ArrayList<>();
    private final Map<Mode, Integer> modes = new IdentityHashMap<>();
    private int numbers, modeNumbers;

    // Where the tables are.
    private long gdtrBase, gdtrLimit, idtrBase, idtrLimit, taskBase, taskLimit;
    private int taskAttributes;

    // Where system calls lead.
    private long efer, star, lstar, sfmask, sysenterCs, sysenterEip, sysenterEsp;

    /** The present context; null if there is none for this state. */
    Context find(Mode mode, Cpu c) {
        if (!Context.possible(c)) {
            return null;
        }
        for (int i = 0; i < all.size(); i++) {
            Context context = all.get(i);
            if (context.is(mode, c)) {
                return context;
            }
        }
        if (all.size() == MOST) {
            all.clear();
        }
        Context context = new Context(numbers++, mode, number(mode), c);
        all.add(context);
        return context;
    }

    int number(Mode mode) {
        return modes.computeIfAbsent(mode, _ -> ++modeNumbers);
    }

    boolean has(Context context) {
        return all.contains(context);
    }

    Context byNumber(int number) {
        for (int i = 0; i < all.size(); i++) {
            if (all.get(i).number == number) {
                return all.get(i);
            }
        }
        throw new IllegalStateException("context " + number);
    }

    /** Modes are made anew. */
    void clear() {
        all.clear();
        modes.clear();
    }

    /** Whether all contexts were forgotten since the tables are elsewhere now. */
    boolean tablesMoved(VcpuState s) {
        if (s.gdtrBase == gdtrBase
                && s.idtrBase == idtrBase
                && s.gdtrLimit == gdtrLimit
                && s.idtrLimit == idtrLimit
                && s.tr.base == taskBase
                && s.tr.limit == taskLimit
                && s.tr.attributes == taskAttributes
                && s.efer == efer
                && s.star == star
                && s.lstar == lstar
                && s.sfmask == sfmask
                && s.sysenterCs == sysenterCs
                && s.sysenterEip == sysenterEip
                && s.sysenterEsp == sysenterEsp) {
            return false;
        }
        gdtrBase = s.gdtrBase;
        idtrBase = s.idtrBase;
        gdtrLimit = s.gdtrLimit;
        idtrLimit = s.idtrLimit;
        taskBase = s.tr.base;
        taskLimit = s.tr.limit;
        taskAttributes = s.tr.attributes;
        efer = s.efer;
        star = s.star;
        lstar = s.lstar;
        sfmask = s.sfmask;
        sysenterCs = s.sysenterCs;
        sysenterEip = s.sysenterEip;
        sysenterEsp = s.sysenterEsp;
        all.clear();
        return true;
    }
}
