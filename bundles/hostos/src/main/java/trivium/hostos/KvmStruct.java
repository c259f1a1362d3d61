package trivium.hostos;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;

/**
 * A C struct of {@code <linux/kvm.h>} or {@code <asm/kvm.h>} off the heap. Its fields are named by
 * their offsets, which subclasses take from their {@code LAYOUT}.
 */
public abstract class KvmStruct {
    final MemorySegment segment;

    KvmStruct(MemoryLayout layout) {
        this(Arena.ofAuto().allocate(layout.byteSize(), 8));
    }

    KvmStruct(MemorySegment segment) {
        this.segment = segment;
    }

    static long offset(MemoryLayout layout, String field) {
        return layout.byteOffset(PathElement.groupElement(field));
    }

    final long hva() {
        return segment.address();
    }

    /** Whether so many bytes from the start on are the same. */
    public final boolean startsLike(KvmStruct other, long bytes) {
        return MemorySegment.mismatch(segment, 0, bytes, other.segment, 0, bytes) < 0;
    }

    public final void copyFrom(KvmStruct other, long bytes) {
        MemorySegment.copy(other.segment, 0, segment, 0, bytes);
    }

    /** The host address of a field. */
    public final long hva(long offset) {
        return segment.address() + offset;
    }

    public final long u64(long offset) {
        return segment.get(JAVA_LONG, offset);
    }

    public final void u64(long offset, long value) {
        segment.set(JAVA_LONG, offset, value);
    }

    public final int u32(long offset) {
        return segment.get(JAVA_INT, offset);
    }

    public final void u32(long offset, int value) {
        segment.set(JAVA_INT, offset, value);
    }

    public final int u16(long offset) {
        return segment.get(JAVA_SHORT, offset) & 0xffff;
    }

    public final void u16(long offset, int value) {
        segment.set(JAVA_SHORT, offset, (short) value);
    }

    public final int u8(long offset) {
        return segment.get(JAVA_BYTE, offset) & 0xff;
    }

    public final void u8(long offset, int value) {
        segment.set(JAVA_BYTE, offset, (byte) value);
    }
}
