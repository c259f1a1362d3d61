package trivium.hostos;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemoryLayout;

/** {@code struct kvm_msrs}: a list of MSRs with their values. */
public final class KvmMsrs extends KvmStruct {
    static final int HEADER_BYTES = 8;

    private final int[] indices;

    public KvmMsrs(int... indices) {
        super(
                MemoryLayout.structLayout(
                        JAVA_INT.withName("nmsrs"),
                        MemoryLayout.paddingLayout(4),
                        MemoryLayout.sequenceLayout(2L * indices.length, JAVA_LONG)));
        this.indices = indices.clone();
        u32(0, indices.length);
        for (int i = 0; i < indices.length; i++) {
            u32(HEADER_BYTES + 16L * i, indices[i]);
        }
    }

    public int count() {
        return indices.length;
    }

    public int index(int i) {
        return indices[i];
    }

    public long value(int i) {
        return u64(HEADER_BYTES + 16L * i + 8);
    }

    public void value(int i, long value) {
        u64(HEADER_BYTES + 16L * i + 8, value);
    }
}
