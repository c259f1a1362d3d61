package trivium.x86.interp;

import trivium.x86.decode.Instruction;

/** Ops of SimdRows. */
final class SimdOps {
    private SimdOps() {}

    /**
     * @return null if the instruction is not of this group
     */
    static Op build(Instruction in, Cpu c) {
        return null;
    }
}
