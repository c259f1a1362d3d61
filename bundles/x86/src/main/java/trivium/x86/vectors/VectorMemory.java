package trivium.x86.vectors;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import trivium.memory.MemoryListener;
import trivium.memory.PhysicalMemory;

/**
 * Plain RAM for running vectors. With {@code journal} every store comes through {@link #write} and
 * is remembered, so that {@link #undo} restores memory at the cost of what was written. Address
 * bits outside {@code addressMask} are ignored, as on a processor without those pins.
 */
final class VectorMemory implements PhysicalMemory, AutoCloseable {
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final Arena arena = Arena.ofShared();
    private final MemorySegment ram;
    private final long ramBytes;
    private final long addressMask;
    private final boolean journal;
    private final BitSet codePages = new BitSet();
    private final List<MemoryListener> listeners = new CopyOnWriteArrayList<>();

    /** The journal: addresses written and the bytes that were there before. */
    private int[] journalAddresses = new int[256];

    private byte[] journalBytes = new byte[256];
    private int journalled;

    VectorMemory(int ramBytes, long addressMask, boolean journal) {
        this.ram = arena.allocate(ramBytes, PAGE_BYTES);
        this.ramBytes = ramBytes;
        this.addressMask = addressMask;
        this.journal = journal;
    }

    @Override
    public long ramBytes() {
        return ramBytes;
    }

    @Override
    public long readableHost(long gpa) {
        long page = gpa & addressMask & -PAGE_BYTES;
        return page < 0 || page >= ramBytes ? 0 : ram.address() + page;
    }

    @Override
    public long writableHost(long gpa) {
        return journal || codePages.get((int) ((gpa & addressMask) / PAGE_BYTES))
                ? 0
                : readableHost(gpa);
    }

    @Override
    public long read(long gpa, int size) {
        long at = gpa & addressMask;
        if (at < 0 || at + size > ramBytes) {
            return size == 8 ? -1 : (1L << 8 * size) - 1;
        }
        return switch (size) {
            case 1 -> ram.get(JAVA_BYTE, at) & 0xffL;
            case 2 -> ram.get(SHORT, at) & 0xffffL;
            case 4 -> ram.get(INT, at) & 0xffff_ffffL;
            default -> ram.get(LONG, at);
        };
    }

    @Override
    public void write(long gpa, int size, long value) {
        long at = gpa & addressMask;
        if (at < 0 || at + size > ramBytes) {
            return;
        }
        remember(at, size);
        switch (size) {
            case 1 -> ram.set(JAVA_BYTE, at, (byte) value);
            case 2 -> ram.set(SHORT, at, (short) value);
            case 4 -> ram.set(INT, at, (int) value);
            default -> ram.set(LONG, at, value);
        }
        notifyCodeWritten(at, size);
    }

    @Override
    public void read(long gpa, byte[] into, int offset, int length) {
        MemorySegment.copy(ram, JAVA_BYTE, gpa & addressMask, into, offset, length);
    }

    @Override
    public void write(long gpa, byte[] from, int offset, int length) {
        long at = gpa & addressMask;
        remember(at, length);
        MemorySegment.copy(from, offset, ram, JAVA_BYTE, at, length);
        for (long done = 0; done < length; ) {
            int piece = (int) Math.min(length - done, PAGE_BYTES - (at + done) % PAGE_BYTES);
            notifyCodeWritten(at + done, piece);
            done += piece;
        }
    }

    /** The first offset at which memory from {@code gpa} on differs, or -1. */
    int mismatch(long gpa, byte[] expected) {
        return (int)
                MemorySegment.mismatch(
                        ram,
                        gpa,
                        gpa + expected.length,
                        MemorySegment.ofArray(expected),
                        0,
                        expected.length);
    }

    int journalled() {
        return journalled;
    }

    int journalAddress(int index) {
        return journalAddresses[index];
    }

    /** What was at {@link #journalAddress} before that store. */
    int journalByte(int index) {
        return journalBytes[index] & 0xff;
    }

    /** Forgets what was stored so far: it stays. */
    void commit() {
        journalled = 0;
    }

    /** Takes back everything stored since the last commit that is still in the journal. */
    void undo(int from) {
        for (int i = journalled - 1; i >= from; i--) {
            ram.set(JAVA_BYTE, journalAddresses[i], journalBytes[i]);
            notifyCodeWritten(journalAddresses[i], 1);
        }
        journalled = from;
    }

    private void remember(long at, int length) {
        if (!journal) {
            return;
        }
        if (journalled + length > journalBytes.length) {
            int size = Math.max(journalled + length, 2 * journalBytes.length);
            journalAddresses = Arrays.copyOf(journalAddresses, size);
            journalBytes = Arrays.copyOf(journalBytes, size);
        }
        for (int i = 0; i < length; i++) {
            journalAddresses[journalled] = (int) (at + i);
            journalBytes[journalled++] = ram.get(JAVA_BYTE, at + i);
        }
    }

    private void notifyCodeWritten(long at, int length) {
        if (codePages.get((int) (at / PAGE_BYTES))) {
            for (MemoryListener listener : listeners) {
                listener.codeWritten(at, length);
            }
        }
    }

    @Override
    public void trackCode(long gpa) {
        int page = (int) ((gpa & addressMask) / PAGE_BYTES);
        if (!codePages.get(page)) {
            listeners.forEach(listener -> listener.codeTracked(gpa & addressMask));
            codePages.set(page);
        }
    }

    @Override
    public void untrackCode(long gpa) {
        codePages.clear((int) ((gpa & addressMask) / PAGE_BYTES));
    }

    @Override
    public void addListener(MemoryListener listener) {
        listeners.add(listener);
    }

    @Override
    public void removeListener(MemoryListener listener) {
        listeners.remove(listener);
    }

    @Override
    public long a20Mask() {
        return addressMask;
    }

    @Override
    public void setA20(boolean open) {}

    @Override
    public void close() {
        arena.close();
    }
}
