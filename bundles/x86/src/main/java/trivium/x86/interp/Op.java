package trivium.x86.interp;

import trivium.x86.decode.Instruction;

/**
 * One decoded instruction bound to its operands, ready to run: what a block of the interpreter is
 * made of. {@link #exec} either does the whole instruction or throws {@link GuestException} with
 * nothing changed that the guest could see. An op does not touch {@code Cpu.rip} unless it ends its
 * block (the row's ENDS_BLOCK): then it must set it, to {@link #next} if it simply goes on.
 */
public abstract class Op {
    /** Offset of this instruction in CS, and of the one after it, truncated to the code size. */
    public final long ip, next;

    protected Op(Instruction in) {
        ip = in.ip;
        long mask = in.mode == 64 ? -1L : in.mode == 32 ? 0xffff_ffffL : ipMask16(in);
        next = in.ip + in.length & mask;
    }

    // A 16-bit segment's limit may exceed 64 KiB; only then does IP go on beyond it.
    private static long ipMask16(Instruction in) {
        return in.ip > 0xffff ? 0xffff_ffffL : 0xffffL;
    }

    /** A fused pair: starts as the first and ends as the second. */
    Op(Op first, Op second) {
        ip = first.ip;
        next = second.next;
    }

    /** This op joined with the conditional jump behind it, or null if they cannot be. */
    Op fuse(BranchOps.Jcc jump) {
        return null;
    }

    /** The second instruction of a fused pair, which may fault by itself; otherwise this. */
    Op second() {
        return this;
    }

    public abstract void exec(Cpu c);

    /** How many instructions this is: 2 for a fused pair. */
    public int instructions() {
        return 1;
    }
}
