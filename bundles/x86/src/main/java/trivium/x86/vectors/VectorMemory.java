package trivium.x86.vectors;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import trivium.x86.plain.PlainMemory;

/**
 * Plain RAM for running vectors. With {@code journal} every store comes through {@link #write} and
 * is remembered, so that {@link #undo} restores memory at the cost of what was written. Address
 * bits outside {@code addressMask} are ignored, as on a processor without those pins.
 */
final class VectorMemory extends PlainMemory implements AutoCloseable {
    private final Arena arena;
    private final long addressMask;
    private final boolean journal;

    /** The journal: addresses written and the bytes that were there before. */
    private int[] journalAddresses = new int[256];

    private byte[] journalBytes = new byte[256];
    private int journalled;

    VectorMemory(int ramBytes, long addressMask, boolean journal) {
        Arena memory = Arena.ofShared();
        super(memory, ramBytes);
        arena = memory;
        this.addressMask = addressMask;
        this.journal = journal;
    }

    @Override
    public long readableHost(long gpa) {
        return super.readableHost(gpa & addressMask);
    }

    @Override
    public long writableHost(long gpa) {
        return journal ? 0 : super.writableHost(gpa & addressMask);
    }

    @Override
    public long read(long gpa, int size) {
        return super.read(gpa & addressMask, size);
    }

    @Override
    public void write(long gpa, int size, long value) {
        long at = gpa & addressMask;
        remember(at, size);
        super.write(at, size, value);
    }

    @Override
    public void write(long gpa, byte[] from, int offset, int length) {
        long at = gpa & addressMask;
        remember(at, length);
        super.write(at, from, offset, length);
    }

    /** The first offset at which memory from {@code gpa} on differs, or -1. */
    int mismatch(long gpa, byte[] expected) {
        return (int)
                MemorySegment.mismatch(
                        bytes(),
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
            super.write(journalAddresses[i], 1, journalBytes[i]);
        }
        journalled = from;
    }

    private void remember(long at, int length) {
        if (!journal || !writable(at)) {
            return;
        }
        if (journalled + length > journalBytes.length) {
            int size = Math.max(journalled + length, 2 * journalBytes.length);
            journalAddresses = Arrays.copyOf(journalAddresses, size);
            journalBytes = Arrays.copyOf(journalBytes, size);
        }
        for (int i = 0; i < length; i++) {
            journalAddresses[journalled] = (int) (at + i);
            journalBytes[journalled++] = bytes().get(JAVA_BYTE, at + i);
        }
    }

    /** Every store is to be seen. */
    @Override
    public long watchedHost(long gpa) {
        return 0;
    }

    @Override
    public void trackCode(long gpa) {
        super.trackCode(gpa & addressMask);
    }

    @Override
    public void untrackCode(long gpa) {
        super.untrackCode(gpa & addressMask);
    }

    @Override
    public long a20Mask() {
        return addressMask;
    }

    @Override
    public void close() {
        arena.close();
    }
}
