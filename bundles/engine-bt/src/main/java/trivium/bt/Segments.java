package trivium.bt;

import static trivium.bt.Asm.*;
import static trivium.bt.Gen.T0;
import static trivium.bt.Gen.T1;
import static trivium.cpu.VcpuState.CS;
import static trivium.cpu.VcpuState.DS;
import static trivium.cpu.VcpuState.ES;
import static trivium.cpu.VcpuState.FS;
import static trivium.cpu.VcpuState.GS;
import static trivium.cpu.VcpuState.SS;

import trivium.x86.decode.Instruction;
import trivium.x86.decode.Mnemonic;
import trivium.x86.decode.Operand;
import trivium.x86.decode.Operand.Place;

/**
 * Host code for instructions that read segment registers, and for those that load them: outside
 * protected mode a selector is a base and nothing else; in it, 32-bit code has ways that were seen
 * before ({@link Transitions#load}). Java hears of loads by {@link Area#LOADED}.
 */
final class Segments {
    private final Gen g;
    private final Asm a;

    Segments(Gen g) {
        this.g = g;
        a = g.a;
    }

    /**
     * @return false if the interpreter has to do it; nothing was written then
     */
    boolean emit(Instruction in) {
        return switch (in.mnemonic()) {
            case MOV_FROM_SREG -> move(in);
            case PUSH -> in.operand(0).place() == Place.FIXED_SEGMENT && push(in);
            case LES -> loadFar(in, ES);
            case LDS -> loadFar(in, DS);
            case LFS -> loadFar(in, FS);
            case LGS -> loadFar(in, GS);
            default -> false;
        };
    }

    /** Instructions that end a block of {@code count} instructions. */
    boolean end(Instruction in, int count) {
        boolean move = in.mnemonic() == Mnemonic.MOV_TO_SREG;
        boolean pop = in.mnemonic() == Mnemonic.POP && in.operand(0).place() == Place.FIXED_SEGMENT;
        if (!move && !pop) {
            return false;
        }
        int segment = register(in);
        boolean ways = hasWays(segment);
        if (!ways && !mayLoad(segment)) {
            return false;
        }
        if (ways) {
            g.flags.requireSaved();
        } else {
            g.flags.clobber();
        }
        if (move) {
            moved(in);
        } else {
            popped();
        }
        if (ways) {
            g.transition();
            return true;
        }
        load(segment);
        if (pop) {
            g.moveStack(in.operandSize);
        }
        g.count(count);
        g.edge(Flow.next(in), false);
        return true;
    }

    private boolean hasWays(int segment) {
        return g.mode.codeSize() == 32
                && !g.mode.real()
                && segment <= GS
                && segment != SS
                && segment != CS;
    }

    /** Which segment register a MOV or POP loads. */
    static int register(Instruction in) {
        return in.mnemonic() == Mnemonic.POP ? fixed(in) : in.modRm >>> 3 & 7;
    }

    /** T1 = the selector that MOV is to load. */
    private void moved(Instruction in) {
        if (in.isRegisterForm()) {
            a.extend(false, 2, 4, T1, g.rm(in.rm));
        } else {
            g.access(in, 2, false);
            a.extend(false, 2, 4, T1, Rm.mem(T0, 0));
        }
    }

    /** T1 = the selector that POP is to load. */
    private void popped() {
        g.stackOffset(0);
        g.access(SS, 2, false);
        a.extend(false, 2, 4, T1, Rm.mem(T0, 0));
    }

    /** Not SS, whose loads hold off interrupts; nor segments that translations take to be flat. */
    private boolean mayLoad(int segment) {
        return g.mode.real()
                && segment <= GS
                && segment != SS
                && segment != CS
                && !g.mode.flat(segment);
    }

    /** Loads the selector in T1. What is unusable becomes usable in the interpreter. */
    private void load(int segment) {
        a.aluImm(CMP, 8, Rm.gs(Area.READ_LIMIT + 8 * segment), 0);
        g.cold(a.jcc(L), Exit.ONE);
        // The x87 data pointer's segment is kept by number as long as it is loaded.
        a.aluImm(CMP, 4, Rm.gs(Area.FP_LOADED), 0);
        g.cold(a.jcc(NE), Exit.ONE);
        a.store(4, selector(segment), T1);
        a.shiftImm(SHL, 4, Rm.reg(T1), 4);
        a.store(8, Rm.gs(Area.SEGMENT_BASE + 8 * segment), T1);
        a.aluImm(OR, 4, Rm.gs(Area.LOADED), 1 << segment);
    }

    private boolean loadFar(Instruction in, int segment) {
        if (!mayLoad(segment)) {
            return false;
        }
        int n = in.operandSize;
        g.flags.clobber();
        g.offset(in);
        if (in.addressSize == 2) {
            a.aluImm(CMP, 4, Rm.reg(T0), 0x1_0000 - n - 2);
            g.cold(a.jcc(A), Exit.ONE);
        }
        g.access(in.segment, n + 2, false);
        a.extend(false, 2, 4, T1, Rm.mem(T0, n));
        load(segment);
        g.flags.willWrite(in.reg);
        a.load(n, g.host(in.reg), Rm.mem(T0, 0));
        return true;
    }

    private static int fixed(Instruction in) {
        return in.operand(0).ordinal() - Operand.ES.ordinal();
    }

    private static long selector(int segment) {
        return Rm.gs(Area.SELECTOR + 4 * segment);
    }

    private boolean move(Instruction in) {
        int segment = in.modRm >>> 3 & 7;
        if (segment > GS) {
            return false;
        }
        if (!in.isRegisterForm()) {
            g.access(in, 2, true);
            a.load(4, T1, selector(segment));
            a.store(2, Rm.mem(T0, 0), T1);
            return true;
        }
        g.flags.willWrite(in.rm);
        if (in.operandSize == 2) {
            a.load(4, T1, selector(segment));
            a.store(2, g.rm(in.rm), T1);
        } else {
            a.load(4, g.target(in.rm, T1), selector(segment));
            g.commit(in.rm, T1);
        }
        return true;
    }

    /** Only the word is stored of a slot of 32 bits. */
    private boolean push(Instruction in) {
        int segment = fixed(in);
        int n = in.operandSize;
        int stored = n == 8 ? 8 : 2;
        g.flags.clobber();
        g.stackOffset(-n);
        g.access(SS, stored, true);
        a.load(4, T1, selector(segment));
        a.store(stored, Rm.mem(T0, 0), T1);
        g.moveStack(-n);
        return true;
    }
}
