package trivium.x86.interp;

import trivium.x86.decode.Instruction;

/** Ops of the integer rows: asks each family. */
final class IntegerOps {
    private IntegerOps() {}

    /**
     * @return null if the instruction is not of this group
     */
    static Op build(Instruction in, Cpu c) {
        Op op = AluOps.build(in);
        op = op != null ? op : MoveOps.build(in);
        op = op != null ? op : StackOps.build(in);
        op = op != null ? op : BranchOps.build(in);
        op = op != null ? op : ConditionOps.build(in);
        op = op != null ? op : ShiftOps.build(in);
        op = op != null ? op : MultiplyOps.build(in);
        op = op != null ? op : BitOps.build(in);
        op = op != null ? op : StringOps.build(in);
        op = op != null ? op : IoOps.build(in);
        return op != null ? op : MiscOps.build(in);
    }
}
