package trivium.x86.interp;

import trivium.x86.decode.Instruction;

/** Ops of X87Rows. */
final class X87Ops {
    private X87Ops() {}

    /**
     * @return null if the instruction is not of this group
     */
    static Op build(Instruction in, Cpu c) {
        return null;
    }
}
