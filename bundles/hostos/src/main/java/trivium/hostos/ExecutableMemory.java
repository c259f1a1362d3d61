package trivium.hostos;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.function.LongConsumer;

/**
 * Zeroed memory for generated code: the same pages mapped twice, so that none is writable and
 * executable at one address. What is written through the writable view is seen at the same offset
 * of the executable one. {@link #close} gives the pages back at once but both views stay mapped
 * until this object is unreachable: a late access reads zeros, never faults. No thread may still
 * run the code then.
 */
public final class ExecutableMemory implements AutoCloseable {
    private final MemorySegment writable;
    private final MemorySegment executable;
    private final Runnable release;
    private final LongConsumer discard;

    private ExecutableMemory(
            MemorySegment writable,
            MemorySegment executable,
            Runnable release,
            LongConsumer discard) {
        this.writable = writable;
        this.executable = executable;
        this.release = release;
        this.discard = discard;
    }

    /**
     * Memory of a memfd, so that {@code /proc/PID/maps} has its name.
     *
     * @param sizeBytes a positive multiple of 4096
     * @throws IOException if the host refuses executable memory, or has not that much
     */
    public static ExecutableMemory allocate(String name, long sizeBytes) throws IOException {
        Memfd.requireWholePages(name, sizeBytes);
        if (!Memfd.available()) {
            throw new IOException(name + ": no memfd on this host, so no executable memory");
        }
        Memfd memfd = Memfd.create(name, sizeBytes);
        try {
            MemorySegment writable = memfd.map(Mman.PROT_READ | Mman.PROT_WRITE);
            return new ExecutableMemory(
                    writable, mapExecutable(name, memfd), memfd::release, memfd::discard);
        } catch (IOException e) {
            memfd.release();
            throw e;
        }
    }

    /**
     * Memory without a name: only in such {@code perf} looks for names of code that somebody tells
     * it.
     */
    public static ExecutableMemory allocateForPerf(String name, long sizeBytes) throws IOException {
        Memfd.requireWholePages(name, sizeBytes);
        if (!LibC.linux()) {
            throw new IOException(name + ": perf is Linux's");
        }
        try {
            AnonymousPair pair = AnonymousPair.map(sizeBytes);
            return new ExecutableMemory(pair.writable(), pair.executable(), pair::release, _ -> {});
        } catch (IOException e) {
            throw refused(name, e);
        }
    }

    private static MemorySegment mapExecutable(String name, Memfd memfd) throws IOException {
        try {
            return memfd.map(Mman.PROT_READ | Mman.PROT_EXEC);
        } catch (IOException e) {
            throw refused(name, e);
        }
    }

    private static IOException refused(String name, IOException e) {
        return new IOException(
                "%s: the host refuses executable memory (a noexec mount or a security policy?): %s"
                        .formatted(name, e.getMessage()),
                e);
    }

    /** The host address where code is written. */
    public long writable() {
        return writable.address();
    }

    /** The host address where it runs. */
    public long executable() {
        return executable.address();
    }

    public long sizeBytes() {
        return writable.byteSize();
    }

    /**
     * The host may take back the whole pages from an offset on, whose contents are lost. No thread
     * may run code there.
     */
    public void discard(long offset) {
        discard.accept(offset + Memfd.PAGE_BYTES - 1 & -Memfd.PAGE_BYTES);
    }

    /** Contents are zero from now on. Call once no thread runs this code. */
    @Override
    public void close() {
        release.run();
    }
}
