package trivium.x86.interp;

import static trivium.cpu.VcpuState.RAX;
import static trivium.x86.interp.Flags.AF;
import static trivium.x86.interp.Flags.CF;
import static trivium.x86.interp.Flags.DF;
import static trivium.x86.interp.Flags.PF;
import static trivium.x86.interp.Flags.SF;
import static trivium.x86.interp.Flags.ZF;

import trivium.x86.decode.Instruction;

/** Single flags, decimal arithmetic, BOUND, and the instructions that are meant not to exist. */
final class MiscOps {
    private MiscOps() {}

    static Op build(Instruction in) {
        return switch (in.mnemonic()) {
            case CLC -> action(in, c -> c.setCf(false));
            case STC -> action(in, c -> c.setCf(true));
            case CMC -> action(in, c -> c.setCf(!c.cf()));
            case CLD -> action(in, c -> c.s.rflags &= ~(long) DF);
            case STD -> action(in, c -> c.s.rflags |= DF);
            case LAHF -> action(in, c -> c.set8(RAX, 8, c.statusFlags() & 0xd5 | 2));
            case SAHF -> action(in, MiscOps::sahf);
            case SALC -> action(in, c -> c.set8(RAX, 0, c.cf() ? 0xff : 0));
            case DAA -> action(in, MiscOps::daa);
            case DAS -> action(in, MiscOps::das);
            case AAA -> action(in, c -> adjust(c, 1));
            case AAS -> action(in, c -> adjust(c, -1));
            case AAM -> aam(in);
            case AAD -> aad(in);
            case BOUND -> bound(in);
            case UD0, UD1, UD2 -> OpBuilder.undefined(in);
            default -> null;
        };
    }

    /** An instruction without operands. */
    @FunctionalInterface
    private interface Action {
        void apply(Cpu c);
    }

    private static Op action(Instruction in, Action action) {
        return new Op(in) {
            @Override
            public void exec(Cpu c) {
                action.apply(c);
            }
        };
    }

    private static void sahf(Cpu c) {
        int keep = c.statusFlags() & Flags.OF;
        c.setStatusFlags(c.get8(RAX, 8) & (CF | PF | AF | ZF | SF) | keep);
    }

    private static void daa(Cpu c) {
        int old = c.get8(RAX, 0);
        boolean oldCf = c.cf();
        boolean af = (old & 15) > 9 || c.af();
        // The 8086 compares with 9F where AF was set.
        int high = c.model == trivium.cpu.CpuModel.I8086 && c.af() ? 0x9f : 0x99;
        boolean cf = old > high || oldCf;
        int al = old + (af ? 6 : 0) + (cf ? 0x60 : 0) & 0xff;
        decimalResult(c, al, cf, af);
    }

    private static void das(Cpu c) {
        int old = c.get8(RAX, 0);
        boolean oldCf = c.cf();
        boolean af = (old & 15) > 9 || c.af();
        boolean borrow = af && old < 6;
        int high = c.model == trivium.cpu.CpuModel.I8086 && c.af() ? 0x9f : 0x99;
        boolean sixty = old > high || oldCf;
        int al = old - (af ? 6 : 0) - (sixty ? 0x60 : 0) & 0xff;
        boolean cf = sixty || borrow && c.model != trivium.cpu.CpuModel.I8086;
        decimalResult(c, al, cf, af);
    }

    private static void decimalResult(Cpu c, int al, boolean cf, boolean af) {
        c.set8(RAX, 0, al);
        c.flagsResult((byte) al, cf, false);
        c.setStatusFlags(c.statusFlags() | (af ? AF : 0));
    }

    /** AAA and AAS. */
    private static void adjust(Cpu c, int sign) {
        boolean carry = (c.r[RAX] & 15) > 9 || c.af();
        int ax = (int) c.r[RAX] & 0xffff;
        if (carry) {
            // The 8086 adjusts AL and AH apart; later processors AX as a whole.
            ax =
                    c.model == trivium.cpu.CpuModel.I8086
                                    || !c.model.atLeast(trivium.cpu.CpuModel.I80286)
                            ? ax + sign * 6 & 0xff | (ax + sign * 0x100 & 0xff00)
                            : ax + sign * 0x106;
        }
        c.set16(RAX, ax & 0xff0f);
        c.flagsResult((byte) ax, carry, false);
        c.setStatusFlags(c.statusFlags() | (carry ? AF : 0));
    }

    private static Op aam(Instruction in) {
        int base = (int) in.imm & 0xff;
        return action(
                in,
                c -> {
                    if (base == 0) {
                        aamByZero(c);
                        throw c.fault(GuestException.DE);
                    }
                    int al = c.get8(RAX, 0);
                    c.set16(RAX, al / base << 8 | al % base);
                    c.flagsLogic((byte) (al % base));
                });
    }

    /** What the pushed flags show: later processors leave them alone. */
    private static void aamByZero(Cpu c) {
        if (c.model == trivium.cpu.CpuModel.I8086) {
            c.setStatusFlags(PF | ZF);
        } else if (c.model == trivium.cpu.CpuModel.I80286) {
            c.setStatusFlags(PF);
        }
    }

    private static Op aad(Instruction in) {
        int base = (int) in.imm & 0xff;
        return action(
                in,
                c -> {
                    int al = c.get8(RAX, 0) + c.get8(RAX, 8) * base & 0xff;
                    c.set16(RAX, al);
                    c.flagsLogic((byte) al);
                });
    }

    private static Op bound(Instruction in) {
        int bytes = in.operandSize;
        int sh = Alu.shiftOf(bytes);
        return new MemOp(in) {
            @Override
            public void exec(Cpu c) {
                long low = c.load(seg, ea(c), bytes) << sh >> sh;
                long high = c.load(seg, ea(c, bytes), bytes) << sh >> sh;
                long index = c.r[in.reg] << sh >> sh;
                if (index < low || index > high) {
                    throw c.fault(GuestException.BR);
                }
            }
        };
    }
}
