package trivium.x86.interp;

import java.util.Arrays;
import java.util.BitSet;
import trivium.hostos.HostMemory;

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

    /** Whether blocks that began here were overwritten again and again. */
    public boolean restless;

    /** See {@link #check}; null: stores to the block are watched. */
    private byte[] expected;

    private BitSet unchecked;
    private long host;

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
        valid &= expected == null;
    }

    /**
     * From now on stores to this block, which lies in one page, are not watched: its code looks
     * whether it still is what it was made of each time it is entered, and only its last
     * instruction may store. The ops must not be run.
     *
     * @param bytes it was made of
     * @param host address of the first
     * @param unchecked which of them are read when the code runs
     */
    public void check(byte[] bytes, long host, BitSet unchecked) {
        expected = bytes;
        this.host = host;
        this.unchecked = unchecked;
    }

    public boolean isChecked() {
        return expected != null;
    }

    /** Of a block that checks itself: where byte 0 is. */
    public long host() {
        return host;
    }

    /** Of a block that checks itself: what byte {@code i} was. */
    public int expected(int i) {
        return expected[i] & 0xff;
    }

    /** Of a block that checks itself: whether byte {@code i} must be what it was. */
    public boolean isFixed(int i) {
        return i < expected.length && !unchecked.get(i);
    }

    /** Whether memory has what it was made of, as far as that is not watched. */
    boolean matches() {
        return expected == null || sameBytes();
    }

    private boolean sameBytes() {
        for (int i = 0; i < expected.length; i++) {
            if (HostMemory.getByte(host + i) != expected[i] && !unchecked.get(i)) {
                return false;
            }
        }
        return true;
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

    /** Whether it must not be run any more when [from, to), in one page, was stored to. */
    boolean overlaps(long from, long to) {
        if (expected != null) {
            return false;
        }
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
