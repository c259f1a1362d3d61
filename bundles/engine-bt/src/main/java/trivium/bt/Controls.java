package trivium.bt;

import static trivium.bt.Asm.AND;
import static trivium.bt.Asm.B;
import static trivium.bt.Asm.CMP;
import static trivium.bt.Asm.E;
import static trivium.bt.Gen.T0;
import static trivium.bt.Gen.T1;
import static trivium.cpu.VcpuState.FS;
import static trivium.cpu.VcpuState.GS;
import static trivium.cpu.VcpuState.RAX;
import static trivium.cpu.VcpuState.RBX;
import static trivium.cpu.VcpuState.RCX;
import static trivium.cpu.VcpuState.RDX;

import trivium.x86.decode.Instruction;
import trivium.x86.decode.Mnemonic;

/**
 * Host code for what handlers of page faults and system calls do: reads of CR2, INVLPG, SWAPGS,
 * CLAC; and for RDTSC. CR8 is Java's.
 */
final class Controls {
    private static final int AC = 1 << 18;

    private final Gen g;
    private final Asm a;
    private final Stubs stubs;

    Controls(Gen g, Stubs stubs) {
        this.g = g;
        this.stubs = stubs;
        a = g.a;
    }

    /** Instructions that end a block of {@code count} instructions. */
    boolean end(Instruction in, int count) {
        if (g.mode.user()) {
            return false;
        }
        return switch (in.mnemonic()) {
            case SWAPGS -> {
                swapGs(in, count);
                yield true;
            }
            case STAC, CLAC -> {
                // The others are transitions. Here the TLB in use remains.
                boolean clear = in.mnemonic() == Mnemonic.CLAC;
                g.flags.clobber();
                ring0();
                if (clear) {
                    a.aluImm(AND, 4, Rm.gs(Area.RFLAGS), ~AC);
                }
                g.count(count);
                g.edge(Flow.next(in), false);
                yield true;
            }
            default -> false;
        };
    }

    private void swapGs(Instruction in, int count) {
        g.flags.clobber();
        ring0();
        long base = Rm.gs(Area.SEGMENT_BASE + 8 * GS), other = Rm.gs(Area.KERNEL_GS);
        a.load(8, T0, base);
        a.load(8, T1, other);
        a.store(8, base, T1);
        a.store(8, other, T0);
        g.count(count);
        g.edge(Flow.next(in), false);
    }

    /** Instructions that end a block of the interpreter, but none of host code. */
    boolean left(Instruction in) {
        if (in.mnemonic() == Mnemonic.MOV_TO_CR && cr8(in)) {
            g.flags.clobber();
            g.left(Exit.DEVICE);
            return true;
        }
        boolean flat = g.mode.is64() ? in.segment < FS : g.mode.flat(in.segment);
        if (in.mnemonic() != Mnemonic.INVLPG || !flat || in.addressSize == 2) {
            return false;
        }
        g.flags.clobber();
        g.offset(in);
        if (g.mode.user()) {
            g.left(Exit.INVLPG);
        } else {
            g.toStub(a.call(), stubs.invlpg());
            g.cold(a.jcc(B), Exit.INVLPG);
        }
        return true;
    }

    private void timeStamp(boolean aux) {
        g.flags.willWrite(RAX);
        g.flags.willWrite(RDX);
        if (aux) {
            g.flags.willWrite(RCX);
        }
        g.flags.clobber();
        g.toStub(a.call(), stubs.tsc());
        g.cold(a.jcc(B), Exit.DEVICE);
        if (aux) {
            a.load(4, RCX, Rm.gs(Area.TSC_AUX));
        }
    }

    private boolean cr8(Instruction in) {
        return in.reg == 8 && g.mode.is64() && !g.mode.user();
    }

    boolean emit(Instruction in) {
        switch (in.mnemonic()) {
            case RDTSC, RDTSCP -> {
                timeStamp(in.mnemonic() == Mnemonic.RDTSCP);
                return true;
            }
            case CPUID -> {
                g.flags.willWrite(RAX);
                g.flags.willWrite(RBX);
                g.flags.willWrite(RCX);
                g.flags.willWrite(RDX);
                g.flags.clobber();
                g.left(Exit.DEVICE);
                return true;
            }
            default -> {}
        }
        if (in.mnemonic() == Mnemonic.MOV_FROM_CR && cr8(in)) {
            g.flags.willWrite(in.rm);
            g.flags.clobber();
            g.left(Exit.DEVICE);
            return true;
        }
        if (in.mnemonic() != Mnemonic.MOV_FROM_CR
                || in.reg != 2
                || g.mode.user()
                || g.mode.codeSize() == 16) {
            return false;
        }
        g.flags.clobber();
        ring0();
        g.flags.willWrite(in.rm);
        int to = g.target(in.rm, T0);
        a.load(g.mode.is64() ? 8 : 4, to, Rm.gs(Area.CR2));
        g.commit(in.rm, T0);
        return true;
    }

    /** Where there is a context, code that is not in ring 3 is in ring 0. */
    private void ring0() {
        a.aluImm(CMP, 4, Rm.gs(Area.CONTEXT), Contexts.NONE);
        g.cold(a.jcc(E), Exit.ONE);
    }
}
