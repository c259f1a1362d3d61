package trivium.x86.interp;

import java.util.Arrays;

/** A run of instructions decoded once: straight-line code up to the first that ends a block. */
public final class Block {
    /**
     * Guest-physical address of the first byte; of the page of the last byte if that is another.
     */
    public final long gpa, lastPage;

    /** Offset in CS of the first instruction and after the last. */
    public final long ip, endIp;

    final int mode;
    public final int bytes;
    final Op[] ops;
    public final int instructions;

    /** Whether the last op sets {@code Cpu.rip}. */
    final boolean setsIp;

    public boolean valid = true;

    /** The ops as they were, if the block was overwritten while it ran. */
    Op[] original;

    /** How often it was interpreted, as long as an accelerator counts that. */
    int heat;

    /** What an accelerator made of it, or null. */
    public Accelerator.Code code;

    /** Chain of one bucket of the cache. */
    Block nextInBucket;

    /** Blocks that followed, valid while the CPU's codeGeneration is {@code generation}. */
    Block taken, notTaken;

    /** Whether it was on global pages when it was found last. */
    public boolean global;

    /** The codeGeneration (or globalGeneration) under which it was last found by its address. */
    int seen;

    int generation;

    Block(long gpa, long lastPage, long ip, int mode, Op[] ops, int bytes, boolean setsIp) {
        this.gpa = gpa;
        this.lastPage = lastPage;
        this.ip = ip;
        this.mode = mode;
        this.ops = ops;
        this.bytes = bytes;
        this.setsIp = setsIp;
        endIp = ops[ops.length - 1].next;
        int count = 0;
        for (Op op : ops) {
            count += op.instructions();
        }
        instructions = count;
    }

    private static final int SINGLE = 1 << 8;

    /** What distinguishes blocks at one address: code size, and blocks of one instruction. */
    static int mode(int codeSize, int max) {
        return max == 1 ? codeSize | SINGLE : codeSize;
    }

    /** 16, 32 or 64. */
    public int codeSize() {
        return mode & 0xff;
    }

    /** An accelerator's code cache was emptied: this block must become hot anew. */
    public void forgetCode() {
        code = null;
        heat = 0;
    }

    /** Must not be run any more. */
    void drop() {
        valid = false;
        if (code != null) {
            code.drop();
            code = null;
        }
    }

    /** Whether it goes on at the start of the very page that it began on, mapped twice. */
    boolean wraps() {
        return lastPage == (gpa & -4096) && (gpa & 0xfff) + bytes > 4096;
    }

    boolean overlaps(long from, long to) {
        if (wraps()) {
            return gpa >>> 12 == from >>> 12;
        }
        if (gpa >>> 12 == from >>> 12) {
            long end = lastPage == (gpa & -4096) ? gpa + bytes : (gpa & -4096) + 4096;
            return from < end && to > gpa;
        }
        int inFirst = (int) (4096 - (gpa & 0xfff));
        return lastPage == (from & -4096) && from < lastPage + bytes - inFirst;
    }

    /** Makes the rest of a running block stop at the next op. */
    void stop() {
        if (original == null) {
            original = ops.clone();
            Arrays.fill(ops, Stop.OP);
        }
    }

    /** Instructions of the ops before one. */
    int instructionsBefore(int op) {
        int count = 0;
        for (int i = 0; i < op; i++) {
            count += op(i).instructions();
        }
        return count;
    }

    Op op(int i) {
        return original != null ? original[i] : ops[i];
    }
}
