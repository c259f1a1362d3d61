package trivium.hostos;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.StructLayout;

/** {@code struct kvm_regs}. */
public final class KvmRegs extends KvmStruct {
    static final StructLayout LAYOUT =
            MemoryLayout.structLayout(
                    JAVA_LONG.withName("rax"),
                    JAVA_LONG.withName("rbx"),
                    JAVA_LONG.withName("rcx"),
                    JAVA_LONG.withName("rdx"),
                    JAVA_LONG.withName("rsi"),
                    JAVA_LONG.withName("rdi"),
                    JAVA_LONG.withName("rsp"),
                    JAVA_LONG.withName("rbp"),
                    MemoryLayout.sequenceLayout(8, JAVA_LONG).withName("r8"),
                    JAVA_LONG.withName("rip"),
                    JAVA_LONG.withName("rflags"));

    public static final long RIP = offset(LAYOUT, "rip"), RFLAGS = offset(LAYOUT, "rflags");
    static final int BYTES = (int) LAYOUT.byteSize();

    private static final String[] ENCODING = {
        "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi"
    };
    private static final long[] GPR = new long[16];

    static {
        for (int i = 0; i < 8; i++) {
            GPR[i] = offset(LAYOUT, ENCODING[i]);
            GPR[8 + i] = offset(LAYOUT, "r8") + 8L * i;
        }
    }

    public KvmRegs() {
        super(LAYOUT);
    }

    /** Offset of a general register by its number in instructions, RAX to R15. */
    public static long gpr(int number) {
        return GPR[number];
    }
}
