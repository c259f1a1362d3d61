package trivium.bt;

import static trivium.bt.Asm.AND;
import static trivium.bt.Asm.CMP;
import static trivium.bt.Asm.NE;
import static trivium.bt.Gen.T1;

import java.util.Set;
import trivium.cpu.VcpuState;
import trivium.x86.decode.Instruction;
import trivium.x86.decode.Mnemonic;

/**
 * x87 instructions on the host's x87. Left to the interpreter: what computes by approximation or by
 * steps of the CPU's choice (FSIN and its like, FPREM), decimals, and what saves or loads more than
 * a word of the environment.
 */
final class X87 {
    private static final int FWAIT = 0x9b, ALL_MASKED = 0x3f;

    private final Gen g;
    private final Asm a;
    private final Fp fp;
    private final boolean fisttp;

    X87(Gen g, Fp fp, Set<String> host) {
        this.g = g;
        this.fp = fp;
        a = g.a;
        fisttp = host.contains("pni");
    }

    static boolean isX87(Instruction in) {
        return in.opcode >= 0xd8 && in.opcode <= 0xdf || in.opcode == FWAIT;
    }

    /** FOP: the low three bits of the escape, and ModR/M (SDM Vol. 1 "Last Instruction Opcode"). */
    static int fop(Instruction in) {
        return (in.opcode & 7) << 8 | in.modRm;
    }

    /** Whether the instruction, run by the interpreter, sets FIP or changes it otherwise. */
    static boolean setsPointers(Instruction in) {
        if (!isX87(in)) {
            return in.row != null && resets(in);
        }
        return switch (in.mnemonic()) {
            case FWAIT, FLDCW, FNSTCW, FNSTSW, FNCLEX, FNENI, FNDISI, FNSETPM, FNSTENV -> false;
            default -> true;
        };
    }

    static boolean setsDataPointer(Instruction in) {
        return resets(in) || !in.isRegisterForm();
    }

    private static boolean resets(Instruction in) {
        return switch (in.mnemonic()) {
            case FNINIT, FNSAVE, FRSTOR, FLDENV, FXRSTOR -> true;
            default -> false;
        };
    }

    boolean knows(Instruction in) {
        return known(in) && (fisttp || in.mnemonic() != Mnemonic.FISTTP);
    }

    /** The same on a host that has all instructions. */
    static boolean known(Instruction in) {
        return switch (in.mnemonic()) {
            case FADD, FMUL, FSUB, FSUBR, FDIV, FDIVR -> true;
            case FADDP, FMULP, FSUBP, FSUBRP, FDIVP, FDIVRP -> true;
            case FIADD, FIMUL, FISUB, FISUBR, FIDIV, FIDIVR -> true;
            case FCOM, FCOMP, FCOMPP, FICOM, FICOMP, FUCOM, FUCOMP, FUCOMPP -> true;
            case FCOMI, FCOMIP, FUCOMI, FUCOMIP -> true;
            case FCMOVB, FCMOVE, FCMOVBE, FCMOVU, FCMOVNB, FCMOVNE, FCMOVNBE, FCMOVNU -> true;
            case FLD, FILD, FST, FSTP, FIST, FISTP, FXCH, FCHS, FABS, FTST, FXAM -> true;
            case FLD1, FLDL2T, FLDL2E, FLDPI, FLDLG2, FLDLN2, FLDZ -> true;
            case FSQRT, FRNDINT, FSCALE, FXTRACT, FDECSTP, FINCSTP, FFREE, FFREEP, FNOP -> true;
            case FLDCW, FNSTCW, FNSTSW, FNCLEX, FWAIT, FISTTP -> true;
            default -> false;
        };
    }

    boolean emit(Instruction in) {
        if (!knows(in)) {
            return false;
        }
        fp.need(FpState.X87);
        switch (in.mnemonic()) {
            case FWAIT -> {
                // Nothing is pending: all exceptions are masked.
            }
            case FLDCW -> loadControl(in);
            case FNSTCW, FNSTSW -> storeWord(in);
            case FNCLEX -> registers(in);
            default -> {
                if (in.isRegisterForm()) {
                    fp.note(in);
                    registers(in);
                } else {
                    memory(in);
                }
            }
        }
        return true;
    }

    private void registers(Instruction in) {
        switch (in.mnemonic()) {
            case FCMOVB, FCMOVNB -> g.flags.require(FlagUse.C);
            case FCMOVE, FCMOVNE -> g.flags.require(FlagUse.Z);
            case FCMOVBE, FCMOVNBE -> g.flags.require(FlagUse.C | FlagUse.Z);
            case FCMOVU, FCMOVNU -> g.flags.require(FlagUse.P);
            default -> {}
        }
        int opcode = in.opcode, modRm = in.modRm;
        // The undocumented aliases differ from CPU to CPU where the stack is empty.
        switch (in.mnemonic()) {
            case FSTP -> {
                opcode = 0xdd;
                modRm = 0xd8 | modRm & 7;
            }
            case FXCH -> {
                opcode = 0xd9;
                modRm = 0xc8 | modRm & 7;
            }
            case FCOM, FCOMP -> opcode = 0xd8;
            default -> {}
        }
        if (in.mnemonic() == Mnemonic.FCOMP) {
            modRm = 0xd8 | modRm & 7;
        }
        a.u8(opcode);
        a.u8(modRm);
        switch (in.mnemonic()) {
            case FCOMI, FCOMIP, FUCOMI, FUCOMIP -> g.flags.produced(null);
            default -> {}
        }
    }

    private void memory(Instruction in) {
        int operand = in.row.operands().size() - 1;
        g.offset(in);
        fp.noteData(in);
        escape(in, g.operand(in, in.bytes(operand), stores(in)));
    }

    /** Whether a memory operand is written. */
    static boolean stores(Instruction in) {
        return switch (in.mnemonic()) {
            case FST, FSTP, FIST, FISTP, FISTTP, FNSTCW, FNSTSW -> true;
            default -> false;
        };
    }

    private void escape(Instruction in, long rm) {
        a.sse(0, in.opcode, false, in.modRm >>> 3 & 7, rm);
    }

    /** Control words with an unmasked exception are for the interpreter. */
    private void loadControl(Instruction in) {
        a.extend(false, 2, 4, T1, g.operand(in, 2, false));
        g.flags.clobber();
        // The very word that is looked at is loaded: another thread may write to memory.
        a.store(4, Rm.gs(Area.SCRATCH), T1);
        a.aluImm(AND, 4, Rm.reg(T1), ALL_MASKED);
        a.aluImm(CMP, 4, Rm.reg(T1), ALL_MASKED);
        g.cold(a.jcc(NE), Exit.ONE);
        escape(in, Rm.gs(Area.SCRATCH));
    }

    private void storeWord(Instruction in) {
        if (in.opcode == 0xdf) {
            g.flags.willWrite(VcpuState.RAX);
            a.u8(0xdf);
            a.u8(0xe0);
            return;
        }
        escape(in, g.operand(in, 2, true));
    }
}
