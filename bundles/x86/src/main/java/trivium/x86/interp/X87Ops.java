package trivium.x86.interp;

import trivium.x86.decode.Instruction;

/** Ops of X87Rows: asks each family. */
final class X87Ops {
    private X87Ops() {}

    /**
     * @return null if the instruction is not of this group
     */
    static Op build(Instruction in, Cpu c) {
        boolean escape = in.opcode >= 0xd8 && in.opcode <= 0xdf || in.opcode == 0x9b;
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
}
