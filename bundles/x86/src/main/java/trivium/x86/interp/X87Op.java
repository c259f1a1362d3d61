package trivium.x86.interp;

import trivium.x86.decode.Instruction;

/** An x87 instruction without memory operand that waits for pending exceptions. */
abstract class X87Op extends Op {
    private final int fop;

    X87Op(Instruction in) {
        super(in);
        fop = fop(in);
    }

    /** FOP: the low three bits of the escape, and ModR/M (SDM Vol. 1 "Last Instruction Opcode"). */
    static int fop(Instruction in) {
        return (in.opcode & 7) << 8 | in.modRm;
    }

    /** The beginning of every {@code exec}; not above it, so that each op is called directly. */
    final X87Unit start(Cpu c) {
        X87Unit u = c.x87;
        u.begin();
        u.note(ip, fop);
        return u;
    }
}
