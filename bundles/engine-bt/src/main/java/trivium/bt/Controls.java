package trivium.bt;

import static trivium.bt.Asm.CMP;
import static trivium.bt.Asm.E;
import static trivium.bt.Gen.T0;
import static trivium.cpu.VcpuState.FS;

import trivium.x86.decode.Instruction;
import trivium.x86.decode.Mnemonic;

/** Host code for reads of CR2, which every handler of page faults begins with, and INVLPG. */
final class Controls {
    private final Gen g;
    private final Asm a;

    Controls(Gen g) {
        this.g = g;
        a = g.a;
    }

    /** Of instructions that end blocks. */
    boolean end(Instruction in) {
        boolean flat = g.mode.is64() ? in.segment < FS : g.mode.flat(in.segment);
        if (in.mnemonic() != Mnemonic.INVLPG || !flat || in.addressSize == 2) {
            return false;
        }
        g.clobber();
        g.offset(in);
        g.left(Exit.INVLPG);
        return true;
    }

    boolean emit(Instruction in) {
        if (in.mnemonic() != Mnemonic.MOV_FROM_CR
                || in.reg != 2
                || g.mode.user()
                || g.mode.codeSize() == 16) {
            return false;
        }
        // Where there is a context, code that is not in ring 3 is in ring 0.
        g.clobber();
        a.aluImm(CMP, 4, Rm.gs(Area.CONTEXT), Contexts.NONE);
        g.cold(a.jcc(E), Exit.ONE);
        g.willWrite(in.rm);
        int to = g.target(in.rm, T0);
        a.load(g.mode.is64() ? 8 : 4, to, Rm.gs(Area.CR2));
        g.commit(in.rm, T0);
        return true;
    }
}
