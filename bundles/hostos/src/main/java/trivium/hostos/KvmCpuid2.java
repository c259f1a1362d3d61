package trivium.hostos;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemoryLayout;

/** {@code struct kvm_cpuid2}: a table of CPUID leaves. */
public final class KvmCpuid2 extends KvmStruct {
    static final int HEADER_BYTES = 8;
    private static final int ENTRY_BYTES = 40, SIGNIFICANT_INDEX = 1;

    /**
     * @param index the sub-leaf, or -1 if the leaf has none
     */
    public record Leaf(int function, int index, int eax, int ebx, int ecx, int edx) {}

    public KvmCpuid2(int entries) {
        super(MemoryLayout.sequenceLayout(HEADER_BYTES + (long) ENTRY_BYTES * entries, JAVA_BYTE));
        u32(0, entries);
    }

    public int count() {
        return u32(0);
    }

    public void set(int i, Leaf leaf) {
        long at = HEADER_BYTES + (long) ENTRY_BYTES * i;
        u32(at, leaf.function);
        u32(at + 4, Math.max(leaf.index, 0));
        u32(at + 8, leaf.index < 0 ? 0 : SIGNIFICANT_INDEX);
        u32(at + 12, leaf.eax);
        u32(at + 16, leaf.ebx);
        u32(at + 20, leaf.ecx);
        u32(at + 24, leaf.edx);
    }

    public Leaf get(int i) {
        long at = HEADER_BYTES + (long) ENTRY_BYTES * i;
        boolean indexed = (u32(at + 8) & SIGNIFICANT_INDEX) != 0;
        return new Leaf(
                u32(at),
                indexed ? u32(at + 4) : -1,
                u32(at + 12),
                u32(at + 16),
                u32(at + 20),
                u32(at + 24));
    }
}
