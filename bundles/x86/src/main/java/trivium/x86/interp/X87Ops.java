package trivium.x86.interp;

import trivium.cpu.CpuModel;
import trivium.x86.decode.Instruction;

/** Ops of X87Rows: asks each family. */
final class X87Ops {
    private X87Ops() {}

    /**
     * @return null if the instruction is not of this group
     */
    static Op build(Instruction in, Cpu c) {
        boolean escape = in.opcode >= 0xd8 && in.opcode <= 0xdf || in.opcode == 0x9b;
        if (escape && absent(c)) {
            return in.mod == 3 || in.opcode == 0x9b ? nothing(in) : new Ignored(in);
        }
        Op op = escape ? X87Arith.build(in) : FxState.build(in);
        if (op != null || !escape) {
            return op;
        }
        op = X87Loads.build(in);
        op = op != null ? op : X87Stores.build(in);
        op = op != null ? op : X87Functions.build(in);
        op = op != null ? op : X87Control.build(in);
        return op != null ? op : X87Environment.build(in);
    }

    /** An 8086 has no CR0 of its own: ET tells whether an 8087 is there. */
    private static boolean absent(Cpu c) {
        return c.model == CpuModel.I8086 && (c.s.cr0 & Flags.CR0_ET) == 0;
    }

    private static Op nothing(Instruction in) {
        return new Op(in) {
            @Override
            public void exec(Cpu c) {}
        };
    }

    /** The 8086 reads the operand, for an 8087 to see. */
    private static final class Ignored extends MemOp {
        Ignored(Instruction in) {
            super(in);
        }

        @Override
        public void exec(Cpu c) {
            c.load8(seg, ea(c));
        }
    }
}
