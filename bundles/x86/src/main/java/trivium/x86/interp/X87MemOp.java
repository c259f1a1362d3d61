package trivium.x86.interp;

import trivium.x86.decode.Instruction;

/**
 * An x87 instruction with a memory operand. It calls {@link #note} when its memory access can no
 * longer fault.
 */
abstract class X87MemOp extends MemOp {
    private final int fop;

    X87MemOp(Instruction in) {
        super(in);
        fop = X87Op.fop(in);
    }

    final void note(X87Unit u, long offset) {
        u.note(ip, fop);
        u.noteData(seg, offset);
    }
}
