package trivium.bt;

import java.lang.ref.WeakReference;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;
import trivium.x86.decode.Instruction;

/**
 * Instructions of blocks that several vCPUs have translated, as forks of a VM do: one list for all,
 * as long as one of them has it. Nobody changes an instruction any more. A direct-mapped table:
 * what is pushed out is merely not shared with those that come later. Any thread.
 */
final class SharedCode {
    private static final int ENTRIES = 1 << 16;
    private static final AtomicReferenceArray<WeakReference<List<Instruction>>> TABLE =
            new AtomicReferenceArray<>(ENTRIES);

    private SharedCode() {}

    /** An equal list that somebody has, or from now on this one. */
    static List<Instruction> of(List<Instruction> list) {
        int slot = slot(list);
        WeakReference<List<Instruction>> known = TABLE.get(slot);
        List<Instruction> other = known == null ? null : known.get();
        if (other != null && same(other, list)) {
            return other;
        }
        List<Instruction> kept = List.copyOf(list);
        TABLE.set(slot, new WeakReference<>(kept));
        return kept;
    }

    private static int slot(List<Instruction> list) {
        long hash = list.size();
        for (Instruction in : list) {
            hash = (hash * 31 + in.ip) * 31 + in.opcode;
            hash = (hash * 31 + in.modRm) * 31 + in.displacement + in.imm;
        }
        hash *= 0x9e37_79b9_7f4a_7c15L;
        return (int) (hash >>> 48) & ENTRIES - 1;
    }

    private static boolean same(List<Instruction> one, List<Instruction> other) {
        if (one.size() != other.size()) {
            return false;
        }
        for (int i = 0; i < one.size(); i++) {
            if (!one.get(i).same(other.get(i))) {
                return false;
            }
        }
        return true;
    }
}
