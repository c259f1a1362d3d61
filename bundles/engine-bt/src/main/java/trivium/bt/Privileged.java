package trivium.bt;

import static trivium.bt.Asm.*;
import static trivium.bt.Gen.T0;
import static trivium.bt.Gen.T1;
import static trivium.bt.Gen.T2;
import static trivium.cpu.VcpuState.SS;

import trivium.x86.decode.Instruction;

/**
 * Host code for instructions that see or change the flags that matter to the system: CLI, STI,
 * PUSHF, POPF. Whether IF may be changed is part of the {@link Mode}; of the other system flags
 * POPF may find no change.
 */
final class Privileged {
    private static final int TF = 1 << 8, IF = 1 << 9, DF = 1 << 10, IOPL = 3 << 12, NT = 1 << 14;
    private static final int RF = 1 << 16, VM = 1 << 17, AC = 1 << 18, ID = 1 << 21;
    private static final int STATUS = 0x8d5, OF_SHIFT = 11;

    /** The status flags that LAHF gives, and the bit that is always 1. */
    private static final int LOW_STATUS = 0xd5, ALWAYS = 2;

    private final Gen g;
    private final Asm a;

    Privileged(Gen g) {
        this.g = g;
        a = g.a;
    }

    /**
     * Instructions inside a block.
     *
     * @return false if the interpreter has to do it; nothing was written then
     */
    boolean emit(Instruction in) {
        return switch (in.mnemonic()) {
            case CLI -> cli();
            case PUSHF -> pushf(in);
            default -> false;
        };
    }

    /** Instructions that end a block of {@code count} instructions. */
    boolean end(Instruction in, int count) {
        return switch (in.mnemonic()) {
            case STI -> sti(in, count);
            case POPF -> popf(in, count);
            default -> false;
        };
    }

    private boolean cli() {
        if (!g.mode.setsIf()) {
            return false;
        }
        g.flags.clobber();
        a.aluImm(AND, 4, Rm.gs(Area.RFLAGS), ~IF);
        return true;
    }

    /**
     * With nothing pending there is nothing that the shadow of STI would have to hold off but what
     * comes before the next instruction is done: until then nobody looks. Not so in counted runs,
     * which may end in between.
     */
    private boolean sti(Instruction in, int count) {
        if (!g.mode.setsIf() || g.mode.counted()) {
            return false;
        }
        g.flags.clobber();
        g.leaveIfPending();
        a.aluImm(OR, 4, Rm.gs(Area.RFLAGS), IF);
        g.count(count);
        g.edge(Flow.next(in), false);
        g.sites.getLast().shadow = true;
        return true;
    }

    /** In virtual-8086 mode with IOPL below 3 these fault. */
    private boolean maybeForbidden() {
        return g.mode.user() && g.mode.codeSize() == 16 && !g.mode.setsIf();
    }

    private boolean pushf(Instruction in) {
        if (maybeForbidden()) {
            return false;
        }
        int n = in.operandSize;
        g.flags.clobber();
        g.stackOffset(-n);
        g.access(SS, n, true);
        g.flags.materialize();
        a.extend(false, 1, 4, T1, Rm.gs(Area.FLAGS));
        a.shiftImm(SHL, 4, Rm.reg(T1), OF_SHIFT);
        a.extend(false, 1, 4, T2, Rm.gs(Area.FLAGS + 1));
        a.alu(OR, 4, T1, Rm.reg(T2));
        a.load(4, T2, Rm.gs(Area.RFLAGS));
        a.aluImm(AND, 4, Rm.reg(T2), ~(STATUS | RF | VM));
        a.alu(OR, 4, T1, Rm.reg(T2));
        a.store(n, Rm.mem(T0, 0), T1);
        g.moveStack(-n);
        return true;
    }

    private boolean popf(Instruction in, int count) {
        if (maybeForbidden()) {
            return false;
        }
        int n = in.operandSize;
        g.flags.clobber();
        g.stackOffset(0);
        g.access(SS, n, false);
        if (n == 2) {
            a.extend(false, 2, 4, T1, Rm.mem(T0, 0));
        } else {
            a.load(4, T1, Rm.mem(T0, 0));
        }
        a.load(4, T2, Rm.gs(Area.RFLAGS));
        a.alu(XOR, 4, T2, Rm.reg(T1));
        int unchanged = TF | NT | IOPL | (n > 2 ? AC | ID : 0) | (g.mode.setsIf() ? 0 : IF);
        a.testImm(4, Rm.reg(T2), unchanged);
        g.cold(a.jcc(NE), Exit.ONE);
        a.aluImm(AND, 4, Rm.reg(T2), IF | DF);
        a.aluTo(XOR, 4, Rm.gs(Area.RFLAGS), T2);
        status();
        g.moveStack(n);
        g.count(count);
        g.edge(Flow.next(in), true);
        return true;
    }

    /** The status flags from T1 to memory. */
    private void status() {
        a.mov(4, T2, T1);
        a.shiftImm(SHR, 4, Rm.reg(T2), OF_SHIFT);
        a.aluImm(AND, 4, Rm.reg(T2), 1);
        a.aluImm(AND, 4, Rm.reg(T1), LOW_STATUS);
        a.aluImm(OR, 4, Rm.reg(T1), ALWAYS);
        a.shiftImm(SHL, 4, Rm.reg(T1), 8);
        a.alu(OR, 4, T1, Rm.reg(T2));
        a.store(2, Rm.gs(Area.FLAGS), T1);
        g.flags.stored();
    }
}
