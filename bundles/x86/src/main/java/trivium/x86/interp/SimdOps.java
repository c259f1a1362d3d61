package trivium.x86.interp;

import trivium.x86.decode.Instruction;

/** Ops of SimdRows: asks each family. */
final class SimdOps {
    private SimdOps() {}

    /**
     * @return null if the instruction is not of this group
     */
    static Op build(Instruction in, Cpu c) {
        Op op = SimdMoves.build(in);
        op = op != null ? op : SimdIntegers.build(in);
        op = op != null ? op : SimdFloats.build(in);
        op = op != null ? op : SimdConversions.build(in);
        return op != null ? op : SimdMisc.build(in, c);
    }
}
