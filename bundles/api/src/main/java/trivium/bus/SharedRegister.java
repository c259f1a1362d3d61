package trivium.bus;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * A register of a device of which the device's side is kept in memory off the heap, so that
 * translated code may read and write it without calling the device. The device allows what makes no
 * difference to calling it: a read that only tells the value, a write that only sets it. Whoever
 * executes instructions in another way calls the device as ever, which answers from {@link #get}
 * and takes with {@link #set}. The device calls with its monitor held; a CPU may write between any
 * two of its calls, as long as that is allowed.
 */
public final class SharedRegister {
    /**
     * The 64-bit word that CPUs see: the value in bits 0 to 31; from bit 32 on, by the binary
     * logarithm of an access's size, whether such reads are allowed; from bit 36 on the same of
     * writes; from bit 48 on those of the value's low bits that a write must leave as they are.
     * Writes are atomic compare-and-exchanges of the word.
     */
    public static final int READ_SHIFT = 32, WRITE_SHIFT = 36, FIXED_SHIFT = 48;

    /**
     * This is set for a port whose register an index selects: bits 0 to 15 are the mask of the
     * index, bits 16 to 31 the number of the register that has it, and the registers follow.
     */
    public static final int INDEXED_SHIFT = 40;

    public static final int BYTES = 8;

    private static final VarHandle WORD = ValueLayout.JAVA_LONG.varHandle();
    private static final long VALUE = 0xffff_ffffL;

    private final MemorySegment memory;
    private final long offset;
    private final int mask, log2;

    /** The word's rights, which the device alone changes. */
    private long allowed;

    /** {@code BYTES} of a segment, aligned and zeroed. */
    SharedRegister(MemorySegment memory, long offset, int sizeBytes) {
        this.memory = memory;
        this.offset = offset;
        mask = -1 >>> 32 - 8 * sizeBytes;
        log2 = Integer.numberOfTrailingZeros(sizeBytes);
    }

    boolean isIn(MemorySegment all) {
        return memory == all;
    }

    int number() {
        return (int) (offset - SharedPorts.REGISTERS) / BYTES;
    }

    /** Makes this the head of the registers that follow. */
    void select(int indexMask, int indexNumber) {
        WORD.setVolatile(
                memory, offset, 1L << INDEXED_SHIFT | (long) indexNumber << 16 | indexMask);
    }

    private long word() {
        return (long) WORD.getVolatile(memory, offset);
    }

    /** Puts {@code word} in place of what {@link #word} gave, or fails since a CPU wrote. */
    private boolean exchange(long was, long word) {
        return was == word || WORD.compareAndSet(memory, offset, was, word);
    }

    public int get() {
        return (int) word() & mask;
    }

    public void set(int value) {
        long was;
        do {
            was = word();
        } while (!exchange(was, was & ~VALUE | value & mask & VALUE));
    }

    /** What CPUs may do without calling the device from now on; nothing at first. */
    public void allow(boolean reads, boolean writes) {
        allow(reads, writes, 0);
    }

    /**
     * The same for a register of up to two bytes.
     *
     * @param fixed bits of the value: a write that changes one of them must call the device
     */
    public void allow(boolean reads, boolean writes, int fixed) {
        long rights =
                (reads ? 1L << READ_SHIFT + log2 : 0)
                        | (writes ? 1L << WRITE_SHIFT + log2 : 0)
                        | (long) (fixed & mask & 0xffff) << FIXED_SHIFT;
        if (rights == allowed) {
            return;
        }
        allowed = rights;
        long was;
        do {
            was = word();
        } while (!exchange(was, was & VALUE | rights));
    }
}
