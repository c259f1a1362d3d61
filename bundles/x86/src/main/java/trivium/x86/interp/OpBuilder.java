package trivium.x86.interp;

import trivium.x86.decode.Instruction;

/** Turns decoded instructions into ops: asks each group's factory. */
final class OpBuilder {
    private OpBuilder() {}

    static Op build(Instruction in, Cpu c) {
        if (in.row == null) {
            return c.model == trivium.cpu.CpuModel.I8086 ? nothing(in) : undefined(in);
        }
        Op op = IntegerOps.build(in, c);
        if (op == null) {
            op = SystemOps.build(in, c);
        }
        if (op == null) {
            op = X87Ops.build(in, c);
        }
        if (op == null) {
            op = SimdOps.build(in, c);
        }
        if (op == null) {
            throw new AssertionError("no op for " + in.row);
        }
        return op;
    }

    /** Whether the op may be left before it is done (REP), and so sets the IP itself. */
    static boolean isString(Instruction in) {
        return in.rep != 0
                && switch (in.row.mnemonic()) {
                    case MOVS, CMPS, STOS, LODS, SCAS, INS, OUTS -> true;
                    default -> false;
                };
    }

    /** The 8086 knows no undefined opcodes: what is no instruction does nothing. */
    private static Op nothing(Instruction in) {
        return new Op(in) {
            @Override
            public void exec(Cpu c) {
                c.rip = next;
            }
        };
    }

    static Op undefined(Instruction in) {
        return new Op(in) {
            @Override
            public void exec(Cpu c) {
                throw c.ud();
            }
        };
    }
}
