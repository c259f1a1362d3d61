package trivium.hostos;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * All memory of this process by host address (hva), as guest data is laid out: little-endian,
 * unaligned. Nothing is checked: a wrong address ends the process, so callers pass only addresses
 * that {@code PhysicalMemory} or an allocation gave them. The methods are small for the JIT to
 * inline down to one load or store.
 */
public final class HostMemory {
    @SuppressWarnings("restricted")
    private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private static final VarHandle ALIGNED_INT =
            ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();
    private static final VarHandle ALIGNED_LONG =
            ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();

    /** Guards the atomic updates that no instruction of the host does: across aligned quadwords. */
    private static final Object SPLIT_LOCK = new Object();

    private HostMemory() {}

    /**
     * Zeros, of which, on Linux, only what is touched costs memory: for large tables that may stay
     * empty. From the start of a page; there as long as the segment is reachable.
     *
     * @throws UncheckedIOException if the host has no address space left
     */
    public static MemorySegment zeros(long bytes) {
        if (!LibC.linux()) {
            return Arena.ofAuto().allocate(bytes, Memfd.PAGE_BYTES);
        }
        int flags = Mman.MAP_PRIVATE | Mman.MAP_ANONYMOUS | Mman.MAP_NORESERVE;
        int protection = Mman.PROT_READ | Mman.PROT_WRITE;
        long whole = bytes + Memfd.PAGE_BYTES - 1 & -Memfd.PAGE_BYTES;
        try {
            return Mman.mmap("mmap of zeros", whole, protection, flags, -1);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public static byte getByte(long hva) {
        return ALL.get(JAVA_BYTE, hva);
    }

    public static short getShort(long hva) {
        return ALL.get(SHORT, hva);
    }

    public static int getInt(long hva) {
        return ALL.get(INT, hva);
    }

    public static long getLong(long hva) {
        return ALL.get(LONG, hva);
    }

    public static void putByte(long hva, byte value) {
        ALL.set(JAVA_BYTE, hva, value);
    }

    public static void putShort(long hva, short value) {
        ALL.set(SHORT, hva, value);
    }

    public static void putInt(long hva, int value) {
        ALL.set(INT, hva, value);
    }

    public static void putLong(long hva, long value) {
        ALL.set(LONG, hva, value);
    }

    /**
     * @param size 1, 2, 4 or 8 bytes
     * @return the value, zero-extended
     */
    public static long get(long hva, int size) {
        return switch (size) {
            case 1 -> getByte(hva) & 0xffL;
            case 2 -> getShort(hva) & 0xffffL;
            case 4 -> getInt(hva) & 0xffff_ffffL;
            default -> getLong(hva);
        };
    }

    /**
     * @param size 1, 2, 4 or 8 bytes
     */
    public static void put(long hva, int size, long value) {
        switch (size) {
            case 1 -> putByte(hva, (byte) value);
            case 2 -> putShort(hva, (short) value);
            case 4 -> putInt(hva, (int) value);
            default -> putLong(hva, value);
        }
    }

    /** A volatile read of an aligned word. */
    public static int getIntVolatile(long hva) {
        return (int) ALIGNED_INT.getVolatile(ALL, hva);
    }

    /** Atomic on an aligned word. @return the bits before */
    public static int getAndOrInt(long hva, int bits) {
        return (int) ALIGNED_INT.getAndBitwiseOr(ALL, hva, bits);
    }

    /** Atomic on an aligned word. @return the bits before */
    public static int getAndAndInt(long hva, int bits) {
        return (int) ALIGNED_INT.getAndBitwiseAnd(ALL, hva, bits);
    }

    /** Copies as memmove does. */
    public static void copy(long fromHva, long toHva, long length) {
        MemorySegment.copy(ALL, fromHva, ALL, toHva, length);
    }

    public static void copy(byte[] from, int offset, long toHva, int length) {
        MemorySegment.copy(from, offset, ALL, JAVA_BYTE, toHva, length);
    }

    public static void copy(long fromHva, byte[] into, int offset, int length) {
        MemorySegment.copy(ALL, JAVA_BYTE, fromHva, into, offset, length);
    }

    public static void fill(long hva, long length, byte value) {
        ALL.asSlice(hva, length).fill(value);
    }

    /** Atomic at any alignment, as LOCK CMPXCHG is. @return whether it was stored */
    public static boolean compareAndSetByte(long hva, byte expected, byte value) {
        return compareAndSetWithinInt(hva, expected & 0xff, value & 0xff, 0xff);
    }

    public static boolean compareAndSetShort(long hva, short expected, short value) {
        if ((hva & 3) != 3) {
            return compareAndSetWithinInt(hva, expected & 0xffff, value & 0xffff, 0xffff);
        }
        return compareAndSetUnaligned(hva, expected & 0xffffL, value & 0xffffL, 2);
    }

    public static boolean compareAndSetInt(long hva, int expected, int value) {
        if ((hva & 3) == 0) {
            return ALIGNED_INT.compareAndSet(ALL, hva, expected, value);
        }
        return compareAndSetUnaligned(hva, expected & 0xffff_ffffL, value & 0xffff_ffffL, 4);
    }

    public static boolean compareAndSetLong(long hva, long expected, long value) {
        if ((hva & 7) == 0) {
            return ALIGNED_LONG.compareAndSet(ALL, hva, expected, value);
        }
        return compareAndSetUnaligned(hva, expected, value, 8);
    }

    /** The part lies within one aligned doubleword. */
    private static boolean compareAndSetWithinInt(long hva, int expected, int value, int mask) {
        long aligned = hva & ~3L;
        int shift = (int) (hva & 3) * 8;
        while (true) {
            int whole = (int) ALIGNED_INT.getVolatile(ALL, aligned);
            if ((whole >>> shift & mask) != expected) {
                return false;
            }
            int changed = whole & ~(mask << shift) | value << shift;
            if (ALIGNED_INT.compareAndSet(ALL, aligned, whole, changed)) {
                return true;
            }
        }
    }

    private static boolean compareAndSetUnaligned(long hva, long expected, long value, int size) {
        int shift = (int) (hva & 7) * 8;
        if (shift + size * 8 > 64) {
            return compareAndSetSplit(hva, expected, value, size);
        }
        long mask = size == 8 ? -1L : (1L << size * 8) - 1;
        long aligned = hva & ~7L;
        while (true) {
            long whole = (long) ALIGNED_LONG.getVolatile(ALL, aligned);
            if ((whole >>> shift & mask) != expected) {
                return false;
            }
            long changed = whole & ~(mask << shift) | value << shift;
            if (ALIGNED_LONG.compareAndSet(ALL, aligned, whole, changed)) {
                return true;
            }
        }
    }

    /** A split lock: atomic against other split locks only. */
    private static boolean compareAndSetSplit(long hva, long expected, long value, int size) {
        synchronized (SPLIT_LOCK) {
            if (get(hva, size) != expected) {
                return false;
            }
            put(hva, size, value);
            return true;
        }
    }
}
