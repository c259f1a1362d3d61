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

    @Override
    public final void exec(Cpu c) {
        X87Unit u = c.x87;
        u.begin();
        u.note(ip, fop);
        run(c, u);
    }

    abstract void run(Cpu c, X87Unit u);
}
