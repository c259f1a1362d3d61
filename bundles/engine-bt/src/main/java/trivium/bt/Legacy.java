package trivium.bt;

import static trivium.bt.Asm.*;
import static trivium.bt.Gen.T0;
import static trivium.bt.Gen.T1;
import static trivium.bt.Gen.T2;
import static trivium.cpu.VcpuState.RSP;
import static trivium.cpu.VcpuState.SS;

import trivium.x86.decode.Instruction;
import trivium.x86.decode.Mnemonic;
import trivium.x86.decode.Operand.Place;

/**
 * Host code for instructions that 16-bit programs have more of than others: loops on CX or on ZF,
 * PUSHA and POPA, POP to memory, LEAVE, XLAT.
 */
final class Legacy {
    private static final long STACK16 = 0xffff;

    private final Gen g;
    private final Asm a;

    Legacy(Gen g) {
        this.g = g;
        a = g.a;
    }

    /**
     * Instructions inside a block.
     *
     * @return false if the interpreter has to do it; nothing was written then
     */
    boolean emit(Instruction in) {
        switch (in.mnemonic()) {
            case XLAT -> xlat(in);
            case PUSHA -> pusha(in.operandSize);
            case POPA -> popa(in.operandSize);
            case LEAVE -> leave(in.operandSize);
            case POP -> {
                return pop(in);
            }
            default -> {
                return false;
            }
        }
        return true;
    }

    /** Instructions that end a block of {@code count} instructions. */
    boolean end(Instruction in, int count) {
        return switch (in.mnemonic()) {
            case LOOP, LOOPE, LOOPNE, JCXZ -> loop(in, count);
            default -> false;
        };
    }

    // ---- loops

    private boolean loop(Instruction in, int count) {
        long target = Flow.target(in);
        if (Flow.outside(g.mode, target)) {
            return false;
        }
        Mnemonic kind = in.mnemonic();
        boolean zero = kind == Mnemonic.LOOPE || kind == Mnemonic.LOOPNE;
        if (kind != Mnemonic.JCXZ) {
            g.flags.willWrite(RCX);
        }
        if (zero) {
            g.flags.require(FlagUse.Z);
            a.setcc(E, Rm.reg(T0));
        }
        g.flags.clobber();
        if (kind != Mnemonic.JCXZ) {
            decrement(in.addressSize);
        }
        g.count(count);
        a.test(in.addressSize, Rm.reg(RCX), RCX);
        int out = a.jcc(kind == Mnemonic.JCXZ ? NE : E);
        int other = -1;
        if (zero) {
            a.test(1, Rm.reg(T0), T0);
            other = a.jcc(kind == Mnemonic.LOOPE ? E : NE);
        }
        g.edge(target, target <= in.ip);
        a.bind(out);
        if (zero) {
            a.bind(other);
        }
        g.edge(Flow.next(in), false);
        return true;
    }

    private void decrement(int bytes) {
        if (bytes == 2) {
            a.lea(4, T1, Rm.mem(RCX, -1));
            a.mov(2, RCX, T1);
        } else {
            a.lea(bytes, RCX, Rm.mem(RCX, -1));
        }
    }

    // ---- stack

    private boolean stack16() {
        return g.mode.stackMask() == STACK16;
    }

    /** T0 = host address of eight stack slots, the first some bytes from the top. */
    private void slots(int delta, int bytes, boolean write) {
        g.flags.clobber();
        g.stackOffset(delta);
        if (stack16()) {
            a.aluImm(CMP, 4, Rm.reg(T0), 0x1_0000 - bytes);
            g.cold(a.jcc(A), Exit.ONE);
        }
        g.access(SS, bytes, write);
    }

    private void pusha(int n) {
        // The first slot's page may fault before another is looked at.
        g.flags.clobber();
        g.stackOffset(-n);
        g.access(SS, n, true);
        slots(-8 * n, 8 * n, true);
        for (int i = 0; i < 8; i++) {
            a.store(n, Rm.mem(T0, (7 - i) * n), g.host(i));
        }
        g.moveStack(-8 * n);
    }

    private void popa(int n) {
        slots(0, 8 * n, false);
        for (int i = 0; i < 8; i++) {
            if (i != RSP) {
                g.flags.willWrite(i);
                a.load(n, g.host(i), Rm.mem(T0, (7 - i) * n));
            }
        }
        g.moveStack(8 * n);
    }

    /** The address is that with the stack pointer moved. */
    private boolean pop(Instruction in) {
        boolean onStack = in.base == RSP;
        if (in.operand(0).place() != Place.RM
                || in.isRegisterForm()
                || onStack && (stack16() || in.displacement > Integer.MAX_VALUE - 8)) {
            return false;
        }
        int n = in.operandSize;
        g.flags.clobber();
        g.stackOffset(0);
        g.access(SS, n, false);
        a.load(n, T0, Rm.mem(T0, 0));
        a.store(8, Rm.gs(Area.SCRATCH), T0);
        g.offset(in, onStack ? n : 0);
        g.access(in.segment, n, true);
        a.load(8, T1, Rm.gs(Area.SCRATCH));
        a.store(n, Rm.mem(T0, 0), T1);
        g.moveStack(n);
        return true;
    }

    private void leave(int n) {
        g.flags.clobber();
        if (stack16()) {
            a.extend(false, 2, 4, T0, Rm.reg(RBP));
        } else {
            a.mov(g.mode.stackMask() == -1L ? 8 : 4, T0, RBP);
        }
        g.access(SS, n, false);
        a.load(n, T1, Rm.mem(T0, 0));
        g.flags.willWrite(RSP);
        g.flags.willWrite(RBP);
        int sp = g.host(RSP);
        if (stack16()) {
            a.lea(4, T2, Rm.mem(RBP, n));
            a.mov(2, sp, T2);
        } else {
            a.lea(g.mode.stackMask() == -1L ? 8 : 4, sp, Rm.mem(RBP, n));
        }
        a.mov(n, RBP, T1);
    }

    // ---- tables

    private void xlat(Instruction in) {
        g.flags.clobber();
        a.extend(false, 1, 4, T0, Rm.reg(RAX));
        a.lea(in.addressSize == 8 ? 8 : 4, T0, Rm.mem(T0, RBX, 0, 0));
        if (in.addressSize == 2) {
            a.extend(false, 2, 4, T0, Rm.reg(T0));
        }
        g.access(in.segment, 1, false);
        g.flags.willWrite(RAX);
        a.load(1, RAX, Rm.mem(T0, 0));
    }
}
