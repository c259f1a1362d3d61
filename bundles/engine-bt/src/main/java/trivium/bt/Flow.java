package trivium.bt;

import static trivium.bt.Asm.*;
import static trivium.bt.Gen.T0;
import static trivium.bt.Gen.T1;
import static trivium.bt.Gen.T2;
import static trivium.cpu.VcpuState.RCX;

import trivium.x86.decode.Instruction;
import trivium.x86.decode.Mnemonic;

/** Host code for jumps, calls and returns within the code segment: each ends its block. */
final class Flow {
    private final Gen g;
    private final Asm a;

    Flow(Gen g) {
        this.g = g;
        a = g.a;
    }

    /**
     * @param count instructions of the block, this one included
     * @return false if the interpreter has to do it
     */
    boolean emit(Instruction in, int count) {
        return switch (in.mnemonic()) {
            case JMP -> jump(in, count);
            case CALL -> call(in, count);
            case RET -> ret(in, count);
            case JMP_NEAR -> jumpNear(in, count);
            case CALL_NEAR -> callNear(in, count);
            case LOOP, JCXZ -> loop(in, count);
            case INT, IRET, SYSCALL, SYSRET, SYSENTER, SYSEXIT, STAC, CLAC -> {
                boolean possible = Ways.possible(in, g.mode);
                if (possible) {
                    g.transition();
                }
                yield possible;
            }
            default -> {
                int cc = Conditions.of(in.mnemonic());
                yield cc >= 0 && jcc(in, cc, count);
            }
        };
    }

    /** Of instructions that end blocks: whether others may follow than the next one. */
    static boolean transfers(Instruction in) {
        return switch (in.mnemonic()) {
            case IN,
                    OUT,
                    INVLPG,
                    MOV_TO_CR,
                    MOV_TO_DR,
                    MOV_TO_SREG,
                    POP,
                    POPF,
                    LSS,
                    STI,
                    CLTS,
                    CLAC,
                    STAC,
                    SWAPGS,
                    WRMSR,
                    LMSW,
                    LGDT,
                    LIDT ->
                    false;
            default -> true;
        };
    }

    static long next(Instruction in) {
        return truncate(in.mode == 16 ? 2 : in.mode / 8, in.ip + in.length);
    }

    static long target(Instruction in) {
        return truncate(in.operandSize, in.ip + in.length + in.imm);
    }

    private static long truncate(int bytes, long ip) {
        return bytes == 8 ? ip : bytes == 4 ? ip & 0xffff_ffffL : ip & 0xffff;
    }

    /** Whether a jump there faults. */
    static boolean outside(Mode mode, long target) {
        return target > mode.codeLimit() || mode.is64() && target << 16 >> 16 != target;
    }

    private boolean jump(Instruction in, int count) {
        long target = target(in);
        if (outside(g.mode, target)) {
            return false;
        }
        g.count(count);
        g.edge(target, target <= in.ip);
        return true;
    }

    private boolean jcc(Instruction in, int cc, int count) {
        long target = target(in);
        if (outside(g.mode, target)) {
            return false;
        }
        g.flags.require(FlagUse.condition(cc));
        g.flags.settle();
        g.count(count);
        long next = next(in);
        boolean back = target <= in.ip;
        if (g.near(target)) {
            g.edgeIf(cc, target, back);
            g.edge(next, false);
        } else if (g.near(next)) {
            g.edgeIf(cc ^ 1, next, false);
            g.edge(target, back);
        } else {
            int taken = a.jcc(cc);
            g.edge(next, false);
            a.bind(taken);
            g.edge(target, back);
        }
        return true;
    }

    /** LOOP and JCXZ: they change no flags. */
    private boolean loop(Instruction in, int count) {
        long target = target(in);
        if (in.addressSize == 2 || outside(g.mode, target)) {
            return false;
        }
        boolean loop = in.mnemonic() == Mnemonic.LOOP;
        if (loop) {
            g.flags.willWrite(RCX);
            a.lea(in.addressSize, RCX, Rm.mem(RCX, -1));
        }
        g.flags.settle();
        g.count(count);
        if (in.addressSize == 4) {
            a.u8(0x67);
        }
        a.u8(0xe3);
        a.u8(5); // over the jump
        int on = a.jmp();
        g.edge(loop ? next(in) : target, !loop);
        a.bind(on);
        g.edge(loop ? target : next(in), loop);
        return true;
    }

    private boolean call(Instruction in, int count) {
        long target = target(in);
        if (outside(g.mode, target)) {
            return false;
        }
        int n = in.operandSize;
        storeReturn(in, n, g.stackOperand(-n, n, true));
        g.moveStack(-n);
        g.count(count);
        g.edge(target, target <= in.ip);
        return true;
    }

    private void storeReturn(Instruction in, int n, long top) {
        long next = next(in);
        if (n == 8 && next != (int) next) {
            a.movImm(T2, next);
            a.store(8, top, T2);
        } else {
            a.storeImm(n, top, (int) next);
        }
    }

    private boolean ret(Instruction in, int count) {
        int n = in.operandSize;
        int release = in.row.operands().isEmpty() ? 0 : (int) in.imm & 0xffff;
        g.flags.requireSaved();
        loadTarget(n, g.stackOperand(0, n, false));
        g.indirect(count, () -> g.moveStack(n + release));
        return true;
    }

    private void loadTarget(int n, long from) {
        if (n == 2) {
            a.extend(false, 2, 4, T0, from);
        } else {
            a.load(n, T0, from);
        }
    }

    private void target(Instruction in, int n) {
        g.flags.requireSaved();
        if (in.isRegisterForm()) {
            if (n == 2) {
                a.extend(false, 2, 4, T0, g.rm(in.rm));
            } else {
                a.load(n, T0, g.rm(in.rm));
            }
        } else {
            loadTarget(n, g.operand(in, n, false));
        }
    }

    private boolean jumpNear(Instruction in, int count) {
        target(in, in.operandSize);
        g.indirect(count, () -> {});
        return true;
    }

    private boolean callNear(Instruction in, int count) {
        int n = in.operandSize;
        target(in, n);
        g.indirect(
                count,
                () -> {
                    a.store(8, Rm.gs(Area.SCRATCH), T1);
                    storeReturn(in, n, g.stackOperand(-n, n, true));
                    g.moveStack(-n);
                    a.load(8, T1, Rm.gs(Area.SCRATCH));
                });
        return true;
    }
}
