package trivium.bus;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.stream.Stream;

/**
 * Which ports have a {@link SharedRegister}. In memory: by port the number of its register, 16
 * bits, or 0; then the registers, of which number 0 allows nothing. A register belongs to one port
 * for good, so that a CPU which is late to see it withdrawn does no harm.
 */
public final class SharedPorts {
    /** Where the registers begin. */
    public static final int REGISTERS = 2 * 0x10000;

    private static final int MOST = 4096;
    private static final VarHandle NUMBER = ValueLayout.JAVA_SHORT.varHandle();
    private static final VarHandle WORD = ValueLayout.JAVA_LONG.varHandle();

    private final MemorySegment memory =
            Arena.ofAuto().allocate(REGISTERS + MOST * SharedRegister.BYTES, 4096);
    private int count = 1;

    /** The host address of all this, for translated code; valid while this object is reachable. */
    public long hva() {
        return memory.address();
    }

    /**
     * A register behind a port. If there is no more room CPUs will not see it.
     *
     * @param sizeBytes 1, 2 or 4
     */
    public synchronized SharedRegister share(int port, int sizeBytes) {
        if (count == MOST) {
            return hidden(sizeBytes);
        }
        SharedRegister register = register(count, sizeBytes);
        NUMBER.setVolatile(memory, 2L * port, (short) count++);
        return register;
    }

    /**
     * Registers behind one port of which another one selects.
     *
     * @param count a power of two: so many low bits of the index matter
     */
    public synchronized SharedRegister[] share(
            int port, int sizeBytes, SharedRegister index, int count) {
        if (this.count + count >= MOST || !index.isIn(memory)) {
            return hidden(sizeBytes, count);
        }
        int head = this.count;
        SharedRegister[] all = new SharedRegister[count];
        for (int i = 0; i < count; i++) {
            all[i] = register(head + 1 + i, sizeBytes);
        }
        register(head, 4).select(count - 1, index.number());
        NUMBER.setVolatile(memory, 2L * port, (short) head);
        this.count += 1 + count;
        return all;
    }

    private SharedRegister register(int number, int sizeBytes) {
        return new SharedRegister(memory, at(number), sizeBytes);
    }

    private static long at(int number) {
        return REGISTERS + (long) number * SharedRegister.BYTES;
    }

    /** Registers that only their device sees. */
    public static SharedRegister[] hidden(int sizeBytes, int count) {
        return Stream.generate(() -> hidden(sizeBytes)).limit(count).toArray(SharedRegister[]::new);
    }

    /** A register that only its device sees. */
    public static SharedRegister hidden(int sizeBytes) {
        return new SharedRegister(Arena.ofAuto().allocate(SharedRegister.BYTES, 8), 0, sizeBytes);
    }

    /** Every access to the port calls the device from now on. */
    public synchronized void withdraw(int port) {
        NUMBER.setVolatile(memory, 2L * port, (short) 0);
    }

    // ---- what CPUs do

    /**
     * IN.
     *
     * @return the value, zero-extended, or -1 if the device must be called
     */
    public long read(int port, int size) {
        long at = find(port, SharedRegister.READ_SHIFT, size);
        return at < 0 ? -1 : (long) WORD.getVolatile(memory, at) & 0xffff_ffffL >>> 32 - 8 * size;
    }

    /**
     * OUT.
     *
     * @return false if the device must be called
     */
    public boolean write(int port, int size, int value) {
        long mask = 0xffff_ffffL >>> 32 - 8 * size;
        long was, word;
        long at;
        do {
            at = find(port, SharedRegister.WRITE_SHIFT, size);
            if (at < 0) {
                return false;
            }
            was = (long) WORD.getVolatile(memory, at);
            word = was & ~mask | value & mask;
            if (((was ^ word) & was >>> SharedRegister.FIXED_SHIFT) != 0) {
                return false;
            }
        } while (!WORD.compareAndSet(memory, at, was, word));
        return true;
    }

    /** Where the register is that allows such an access, or -1. */
    private long find(int port, int right, int size) {
        int number = (short) NUMBER.getVolatile(memory, 2L * port);
        long word = (long) WORD.getVolatile(memory, at(number));
        if (allows(word, right, size)) {
            return at(number);
        }
        if ((word >>> SharedRegister.INDEXED_SHIFT & 1) == 0) {
            return -1;
        }
        long index = (long) WORD.getVolatile(memory, at((int) word >>> 16));
        long selected = at(number + 1 + (int) (index & word & 0xffff));
        return allows((long) WORD.getVolatile(memory, selected), right, size) ? selected : -1;
    }

    private static boolean allows(long word, int right, int size) {
        return (word >>> right + Integer.numberOfTrailingZeros(size) & 1) != 0;
    }
}
