package trivium.bt;

import static trivium.bt.Asm.AND;
import static trivium.bt.Asm.CMP;
import static trivium.bt.Asm.NE;
import static trivium.bt.Gen.T1;
import static trivium.bt.Gen.T2;

import java.util.ArrayList;
import java.util.List;
import trivium.x86.interp.Block;

/**
 * How a translation looks at its entry whether its block still is what it was made of ({@link
 * Block#check}). If not, it goes to the other versions of the block, one after the other, whose
 * code looks likewise, and leaves if it is none of them. Offsets are those in the translation.
 */
final class Check {
    /** Behind it. */
    private final int checked;

    /** Where the displacement of the jump is that is taken where the block is not the same. */
    int other;

    /** Where that leads as long as there is no other version. */
    int none;

    /** Where one arrives from other versions; the displacement of the jump to the next. */
    int entry, next;

    private final Block block;
    private final List<Integer> mismatches;

    /** Writes the check. EFLAGS are lost. */
    Check(Asm a, Block block) {
        this.block = block;
        mismatches = compare(a);
        checked = a.size;
    }

    /** T1 and T2 are lost. @return jumps that are taken if it is not the same */
    private List<Integer> compare(Asm a) {
        List<Integer> mismatches = new ArrayList<>();
        a.movImm(T2, block.host());
        for (int at = 0; at < block.bytes; at += 4) {
            int mask = 0, value = 0;
            for (int i = 0; i < 4; i++) {
                if (block.isFixed(at + i)) {
                    mask |= 0xff << 8 * i;
                    value |= block.expected(at + i) << 8 * i;
                }
            }
            if (mask == -1) {
                a.aluImm(CMP, 4, Rm.mem(T2, at), value);
                mismatches.add(a.jcc(NE));
            } else if (mask != 0) {
                a.load(4, T1, Rm.mem(T2, at));
                a.aluImm(AND, 4, Rm.reg(T1), mask);
                a.aluImm(CMP, 4, Rm.reg(T1), value);
                mismatches.add(a.jcc(NE));
            }
        }
        return mismatches;
    }

    /** Writes what is off the hot path. */
    void finish(Asm a, Runnable leave) {
        mismatches.forEach(a::bind);
        other = a.jmp();
        a.bind(other);
        none = a.size;
        leave.run();
        entry = a.size;
        List<Integer> more = compare(a);
        a.bindTo(a.jmp(), checked);
        more.forEach(a::bind);
        next = a.jmp();
        a.bindTo(next, none);
    }

    /** Makes translations, made for the same flags, know of each other. */
    static void link(CodeCache cache, List<Translation> versions) {
        for (int i = 0; i < versions.size(); i++) {
            Translation t = versions.get(i);
            Translation first = versions.getFirst();
            Translation next = i + 1 < versions.size() ? versions.get(i + 1) : null;
            cache.link(t.host + t.check.other, first.host + first.check.entry);
            cache.link(
                    t.host + t.check.next,
                    next == null ? t.host + t.check.none : next.host + next.check.entry);
        }
    }
}
