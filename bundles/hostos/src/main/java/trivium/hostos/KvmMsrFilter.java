package trivium.hostos;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;

/**
 * {@code struct kvm_msr_filter}: KVM lets the guest at the MSRs allowed here, each a range of its
 * own; every other access exits.
 */
public final class KvmMsrFilter extends KvmStruct {
    private static final int RANGES = 16, RANGE_BYTES = 24, HEADER_BYTES = 8;
    static final int BYTES = HEADER_BYTES + RANGES * RANGE_BYTES;
    private static final int DEFAULT_DENY = 1, READ = 1, WRITE = 2;

    /** A range's bitmap: one MSR, allowed. */
    private final MemorySegment allowed = Arena.ofAuto().allocate(8, 8).fill((byte) 0xff);

    private int ranges;

    public KvmMsrFilter() {
        super(MemoryLayout.sequenceLayout(BYTES, JAVA_BYTE));
        u32(0, DEFAULT_DENY);
    }

    /**
     * Allows the MSRs from {@code first} on.
     *
     * @param count at most 64
     */
    public KvmMsrFilter allow(int first, int count, boolean write) {
        long at = HEADER_BYTES + (long) RANGE_BYTES * ranges++;
        u32(at, write ? READ | WRITE : READ);
        u32(at + 4, count);
        u32(at + 8, first);
        u64(at + 16, allowed.address());
        return this;
    }
}
