package trivium.hostos;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Zeroed memory for a guest: one memfd mapped shared, so that others can map the same pages; where
 * the host has no memfd, plain memory without a descriptor. {@link #release} gives the pages back
 * at once but the addresses stay mapped until this object and its segment are unreachable: a late
 * access can read zeros, never fault.
 */
public final class SharedMemory {
    private static final Logger LOG = LoggerFactory.getLogger(SharedMemory.class);

    // <linux/memfd.h>, <asm-generic/mman.h>, <linux/falloc.h>
    private static final int MFD_CLOEXEC = 1;
    private static final int PROT_READ = 1, PROT_WRITE = 2;
    private static final int MAP_SHARED = 1, MAP_NORESERVE = 0x4000;
    private static final int FALLOC_FL_KEEP_SIZE = 1, FALLOC_FL_PUNCH_HOLE = 2;
    private static final int PAGE_BYTES = 4096;

    private final MemorySegment segment;
    private int fd;

    private SharedMemory(MemorySegment segment, int fd) {
        this.segment = segment;
        this.fd = fd;
    }

    /**
     * @param sizeBytes a positive multiple of 4096
     * @throws IOException if the host has not that much
     */
    public static SharedMemory allocate(String name, long sizeBytes) throws IOException {
        if (sizeBytes <= 0 || sizeBytes % PAGE_BYTES != 0) {
            throw new IllegalArgumentException(
                    "%s: %d bytes are no whole number of pages".formatted(name, sizeBytes));
        }
        if (LibC.linux() && LibC.MEMFD_CREATE.isPresent()) {
            return memfd(name, sizeBytes);
        }
        LOG.info("{}: no memfd on this host, using private memory", name);
        return anonymous(name, sizeBytes);
    }

    static SharedMemory anonymous(String name, long sizeBytes) throws IOException {
        try {
            return new SharedMemory(Arena.ofAuto().allocate(sizeBytes, PAGE_BYTES), -1);
        } catch (OutOfMemoryError e) {
            throw new IOException("%s: no %d bytes of memory".formatted(name, sizeBytes), e);
        }
    }

    private static SharedMemory memfd(String name, long sizeBytes) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = LibC.newState(arena);
            int fd =
                    call(
                            "memfd_create",
                            state,
                            () ->
                                    (int)
                                            handle(LibC.MEMFD_CREATE)
                                                    .invokeExact(
                                                            state,
                                                            arena.allocateFrom(name),
                                                            MFD_CLOEXEC));
            try {
                call(
                        "ftruncate",
                        state,
                        () -> (int) handle(LibC.FTRUNCATE).invokeExact(state, fd, sizeBytes));
                return new SharedMemory(map(fd, sizeBytes, state), fd);
            } catch (IOException e) {
                closeDescriptor(fd);
                throw e;
            }
        }
    }

    @SuppressWarnings("restricted")
    private static MemorySegment map(int fd, long sizeBytes, MemorySegment state)
            throws IOException {
        long address =
                call(
                        "mmap of %d bytes".formatted(sizeBytes),
                        state,
                        () ->
                                (long)
                                        handle(LibC.MMAP)
                                                .invokeExact(
                                                        state,
                                                        0L,
                                                        sizeBytes,
                                                        PROT_READ | PROT_WRITE,
                                                        MAP_SHARED | MAP_NORESERVE,
                                                        fd,
                                                        0L));
        return MemorySegment.ofAddress(address)
                .reinterpret(sizeBytes, Arena.ofAuto(), SharedMemory::unmap);
    }

    private static void unmap(MemorySegment mapped) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = LibC.newState(arena);
            call(
                    "munmap",
                    state,
                    () ->
                            (int)
                                    handle(LibC.MUNMAP)
                                            .invokeExact(
                                                    state, mapped.address(), mapped.byteSize()));
        } catch (IOException e) {
            LOG.error("guest memory stays mapped", e);
        }
    }

    public MemorySegment segment() {
        return segment;
    }

    /** The host address of the first byte. */
    public long hva() {
        return segment.address();
    }

    public long sizeBytes() {
        return segment.byteSize();
    }

    /** The memfd, or -1 where there is none. */
    public synchronized int fd() {
        return fd;
    }

    /** Gives the pages back; contents are zero from now on. Call once nobody needs them. */
    public synchronized void release() {
        if (fd < 0) {
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = LibC.newState(arena);
            call(
                    "fallocate",
                    state,
                    () ->
                            (int)
                                    handle(LibC.FALLOCATE)
                                            .invokeExact(
                                                    state,
                                                    fd,
                                                    FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE,
                                                    0L,
                                                    segment.byteSize()));
        } catch (IOException e) {
            LOG.warn("guest memory is freed only when it is collected", e);
        }
        closeDescriptor(fd);
        fd = -1;
    }

    private static void closeDescriptor(int fd) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = LibC.newState(arena);
            call("close", state, () -> (int) handle(LibC.CLOSE).invokeExact(state, fd));
        } catch (IOException e) {
            LOG.warn("memfd {} stays open", fd, e);
        }
    }

    private static MethodHandle handle(java.util.Optional<MethodHandle> function) {
        return function.orElseThrow(() -> new IllegalStateException("not in this C library"));
    }

    private interface IntCall {
        int invoke() throws Throwable;
    }

    private interface LongCall {
        long invoke() throws Throwable;
    }

    private static int call(String what, MemorySegment state, IntCall function) throws IOException {
        return (int) call(what, state, (LongCall) function::invoke);
    }

    private static long call(String what, MemorySegment state, LongCall function)
            throws IOException {
        long result;
        try {
            result = function.invoke();
        } catch (Throwable t) {
            throw new AssertionError(what, t); // a linkage mistake of ours
        }
        if (result == -1) {
            throw new IOException("%s failed, errno %d".formatted(what, LibC.errno(state)));
        }
        return result;
    }
}
