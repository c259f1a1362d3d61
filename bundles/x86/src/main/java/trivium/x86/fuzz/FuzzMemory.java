package trivium.x86.fuzz;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import trivium.hostos.SharedMemory;
import trivium.x86.plain.PlainMemory;

/**
 * A small physical address space with a bit of everything: RAM, one page of registers whose
 * accesses are logged, one page of ROM, and nothing above. The registers' values follow from their
 * address and from how many accesses there were before.
 */
final class FuzzMemory extends PlainMemory implements AutoCloseable {
    static final int RAM_BYTES = 0x30000, MMIO = 0x30000, ROM = 0x31000, END = 0x32000;

    private static final int MOST_NOWHERE = 20_000;

    private final SharedMemory memory;
    private final AccessLog log;
    private final Runnable enough;
    private int nowhere;

    /**
     * @param enough called when very many accesses went nowhere: a string instruction over all of a
     *     huge address space, that nobody wants to wait for
     */
    FuzzMemory(AccessLog log, Runnable enough) {
        SharedMemory memory = allocate();
        super(memory.segment());
        this.memory = memory;
        this.log = log;
        this.enough = enough;
        for (int i = ROM; i < END; i++) {
            bytes().set(JAVA_BYTE, i, (byte) (i * 37 ^ i >> 5));
        }
    }

    private static SharedMemory allocate() {
        try {
            return SharedMemory.allocate("trivium-fuzz", END);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public long ramBytes() {
        return RAM_BYTES;
    }

    @Override
    protected boolean readable(long gpa) {
        return ram(gpa) || rom(gpa);
    }

    @Override
    protected boolean writable(long gpa) {
        return ram(gpa);
    }

    private static boolean ram(long gpa) {
        return gpa >= 0 && gpa < RAM_BYTES;
    }

    private static boolean rom(long gpa) {
        return gpa >= ROM && gpa < END;
    }

    private static boolean mmio(long gpa) {
        return gpa >= MMIO && gpa < ROM;
    }

    @Override
    protected long readElsewhere(long gpa, int size) {
        if (mmio(gpa)) {
            long value =
                    (gpa * 0x9e37_79b9L + log.count()) * 0x1_0001_0001L & -1L >>> 64 - 8 * size;
            log.add(AccessLog.READ, gpa, size, value);
            return value;
        }
        countNowhere();
        return super.readElsewhere(gpa, size);
    }

    private void countNowhere() {
        if (++nowhere % MOST_NOWHERE == 0) {
            enough.run();
        }
    }

    /** A byte without a trace in the log. */
    int readQuietly(long gpa) {
        return mmio(gpa) ? 0 : (int) read(gpa, 1);
    }

    @Override
    protected void writeElsewhere(long gpa, int size, long value) {
        if (mmio(gpa)) {
            log.add(AccessLog.WRITE, gpa, size, value & -1L >>> 64 - 8 * size);
        } else {
            countNowhere();
        }
    }

    /** Makes RAM what {@code image} says, as a device's DMA would: code caches are told. */
    void load(byte[] image) {
        nowhere = 0;
        for (int page = 0; page < image.length; page += PAGE_BYTES) {
            if (mismatch(image, page) >= 0) {
                MemorySegment.copy(image, page, bytes(), JAVA_BYTE, page, PAGE_BYTES);
                written(page, PAGE_BYTES);
            }
        }
    }

    private long mismatch(byte[] image, int page) {
        MemorySegment other = MemorySegment.ofArray(image);
        int end = page + PAGE_BYTES;
        return MemorySegment.mismatch(bytes(), page, end, other, page, end);
    }

    /** The first byte of RAM that differs, or -1. */
    int difference(FuzzMemory o) {
        return (int) MemorySegment.mismatch(bytes(), 0, RAM_BYTES, o.bytes(), 0, RAM_BYTES);
    }

    @Override
    public void close() {
        memory.release();
    }
}
