package trivium.x86.interp;

import trivium.x86.decode.Instruction;

/** SETcc and CMOVcc. */
final class ConditionOps {
    private ConditionOps() {}

    static Op build(Instruction in) {
        return switch (in.opcode & 0xfff0) {
            case 0x0f90 -> setcc(in, in.opcode & 15);
            case 0x0f40 -> cmov(in, in.opcode & 15);
            default -> null;
        };
    }

    private static Op setcc(Instruction in, int cc) {
        if (!in.isRegisterForm()) {
            return new MemOp(in) {
                @Override
                public void exec(Cpu c) {
                    c.store8(seg, ea(c), c.condition(cc) ? 1 : 0);
                }
            };
        }
        int d = in.wholeRegister(0);
        int shift = Registers.shift(in, 0);
        return new Op(in) {
            @Override
            public void exec(Cpu c) {
                c.set8(d, shift, c.condition(cc) ? 1 : 0);
            }
        };
    }

    /** Loads in any case, and clears the upper half in any case. */
    private static Op cmov(Instruction in, int cc) {
        int bytes = in.operandSize;
        int d = in.reg;
        if (in.isRegisterForm()) {
            int s = in.rm;
            return new Op(in) {
                @Override
                public void exec(Cpu c) {
                    Registers.set(c, d, 0, bytes, c.r[c.condition(cc) ? s : d]);
                }
            };
        }
        return new MemOp(in) {
            @Override
            public void exec(Cpu c) {
                long x = c.load(seg, ea(c), bytes);
                Registers.set(c, d, 0, bytes, c.condition(cc) ? x : c.r[d]);
            }
        };
    }
}
