package trivium.hostos;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
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

    private final MemorySegment segment;

    /** Null where the host has none. */
    private final Memfd memfd;

    private SharedMemory(MemorySegment segment, Memfd memfd) {
        this.segment = segment;
        this.memfd = memfd;
    }

    /**
     * @param sizeBytes a positive multiple of 4096
     * @throws IOException if the host has not that much
     */
    public static SharedMemory allocate(String name, long sizeBytes) throws IOException {
        Memfd.requireWholePages(name, sizeBytes);
        if (Memfd.available()) {
            return memfd(name, sizeBytes);
        }
        LOG.info("{}: no memfd on this host, using private memory", name);
        return anonymous(name, sizeBytes);
    }

    static SharedMemory anonymous(String name, long sizeBytes) throws IOException {
        try {
            return new SharedMemory(Arena.ofAuto().allocate(sizeBytes, Memfd.PAGE_BYTES), null);
        } catch (OutOfMemoryError e) {
            throw new IOException("%s: no %d bytes of memory".formatted(name, sizeBytes), e);
        }
    }

    private static SharedMemory memfd(String name, long sizeBytes) throws IOException {
        Memfd memfd = Memfd.create(name, sizeBytes);
        try {
            return new SharedMemory(memfd.map(Memfd.PROT_READ | Memfd.PROT_WRITE), memfd);
        } catch (IOException e) {
            memfd.release();
            throw e;
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
    public int fd() {
        return memfd == null ? -1 : memfd.fd();
    }

    /** Gives the pages back; contents are zero from now on. Call once nobody needs them. */
    public void release() {
        if (memfd != null) {
            memfd.release();
        }
    }
}
