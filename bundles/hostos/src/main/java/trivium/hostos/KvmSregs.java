package trivium.hostos;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.StructLayout;

/**
 * {@code struct kvm_sregs}: eight segments by {@link #SEGMENT_BYTES}, in the order of the
 * constants.
 */
public final class KvmSregs extends KvmStruct {
    static final StructLayout SEGMENT =
            MemoryLayout.structLayout(
                    JAVA_LONG.withName("base"),
                    JAVA_INT.withName("limit"),
                    JAVA_SHORT.withName("selector"),
                    JAVA_BYTE.withName("type"),
                    JAVA_BYTE.withName("present"),
                    JAVA_BYTE.withName("dpl"),
                    JAVA_BYTE.withName("db"),
                    JAVA_BYTE.withName("s"),
                    JAVA_BYTE.withName("l"),
                    JAVA_BYTE.withName("g"),
                    JAVA_BYTE.withName("avl"),
                    JAVA_BYTE.withName("unusable"),
                    MemoryLayout.paddingLayout(1));
    private static final StructLayout DTABLE =
            MemoryLayout.structLayout(
                    JAVA_LONG.withName("base"),
                    JAVA_SHORT.withName("limit"),
                    MemoryLayout.paddingLayout(6));
    static final StructLayout LAYOUT =
            MemoryLayout.structLayout(
                    MemoryLayout.sequenceLayout(8, SEGMENT).withName("segments"),
                    DTABLE.withName("gdt"),
                    DTABLE.withName("idt"),
                    JAVA_LONG.withName("cr0"),
                    JAVA_LONG.withName("cr2"),
                    JAVA_LONG.withName("cr3"),
                    JAVA_LONG.withName("cr4"),
                    JAVA_LONG.withName("cr8"),
                    JAVA_LONG.withName("efer"),
                    JAVA_LONG.withName("apic_base"),
                    MemoryLayout.sequenceLayout(4, JAVA_LONG).withName("interrupt_bitmap"));

    public static final int BYTES = (int) LAYOUT.byteSize();
    public static final int CS = 0, DS = 1, ES = 2, FS = 3, GS = 4, SS = 5, TR = 6, LDT = 7;
    public static final long SEGMENT_BYTES = SEGMENT.byteSize();

    // Within a segment; BASE and LIMIT within gdt and idt, too.
    public static final long BASE = offset(SEGMENT, "base"), LIMIT = offset(SEGMENT, "limit");
    public static final long SELECTOR = offset(SEGMENT, "selector");
    public static final long TYPE = offset(SEGMENT, "type"), PRESENT = offset(SEGMENT, "present");
    public static final long DPL = offset(SEGMENT, "dpl"), DB = offset(SEGMENT, "db");
    public static final long S = offset(SEGMENT, "s"), L = offset(SEGMENT, "l");
    public static final long G = offset(SEGMENT, "g"), AVL = offset(SEGMENT, "avl");
    public static final long UNUSABLE = offset(SEGMENT, "unusable");

    public static final long GDT = offset(LAYOUT, "gdt"), IDT = offset(LAYOUT, "idt");
    public static final long CR0 = offset(LAYOUT, "cr0"), CR2 = offset(LAYOUT, "cr2");
    public static final long CR3 = offset(LAYOUT, "cr3"), CR4 = offset(LAYOUT, "cr4");
    public static final long CR8 = offset(LAYOUT, "cr8"), EFER = offset(LAYOUT, "efer");
    public static final long APIC_BASE = offset(LAYOUT, "apic_base");

    /** External interrupts that wait, one bit a vector. */
    public static final long INTERRUPT_BITMAP = offset(LAYOUT, "interrupt_bitmap");

    public KvmSregs() {
        super(LAYOUT);
    }
}
