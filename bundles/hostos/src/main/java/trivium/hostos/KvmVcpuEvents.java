package trivium.hostos;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.StructLayout;

/** {@code struct kvm_vcpu_events}. */
public final class KvmVcpuEvents extends KvmStruct {
    static final StructLayout LAYOUT =
            MemoryLayout.structLayout(
                    JAVA_BYTE.withName("exception.injected"),
                    JAVA_BYTE.withName("exception.nr"),
                    JAVA_BYTE.withName("exception.has_error_code"),
                    JAVA_BYTE.withName("exception.pending"),
                    JAVA_INT.withName("exception.error_code"),
                    JAVA_BYTE.withName("interrupt.injected"),
                    JAVA_BYTE.withName("interrupt.nr"),
                    JAVA_BYTE.withName("interrupt.soft"),
                    JAVA_BYTE.withName("interrupt.shadow"),
                    JAVA_BYTE.withName("nmi.injected"),
                    JAVA_BYTE.withName("nmi.pending"),
                    JAVA_BYTE.withName("nmi.masked"),
                    MemoryLayout.paddingLayout(1),
                    JAVA_INT.withName("sipi_vector"),
                    JAVA_INT.withName("flags"),
                    JAVA_INT.withName("smi"),
                    JAVA_BYTE.withName("triple_fault.pending"),
                    MemoryLayout.paddingLayout(26),
                    JAVA_BYTE.withName("exception_has_payload"),
                    JAVA_LONG.withName("exception_payload"));

    static final int BYTES = (int) LAYOUT.byteSize();
    public static final long INTERRUPT_INJECTED = offset(LAYOUT, "interrupt.injected");
    public static final long INTERRUPT_NR = offset(LAYOUT, "interrupt.nr");
    public static final long INTERRUPT_SOFT = offset(LAYOUT, "interrupt.soft");
    public static final long INTERRUPT_SHADOW = offset(LAYOUT, "interrupt.shadow");
    public static final long NMI_INJECTED = offset(LAYOUT, "nmi.injected");
    public static final long NMI_PENDING = offset(LAYOUT, "nmi.pending");
    public static final long NMI_MASKED = offset(LAYOUT, "nmi.masked");
    public static final long FLAGS = offset(LAYOUT, "flags");

    /** Bits of INTERRUPT_SHADOW. */
    public static final int SHADOW_INT_MOV_SS = 1, SHADOW_INT_STI = 2;

    /** Bits of FLAGS. */
    public static final int VALID_NMI_PENDING = 1, VALID_SHADOW = 4;

    public KvmVcpuEvents() {
        super(LAYOUT);
    }

    public void clear() {
        segment.fill((byte) 0);
    }
}
