package trivium.hostos;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.StructLayout;

/** {@code struct kvm_debugregs}. */
public final class KvmDebugregs extends KvmStruct {
    static final StructLayout LAYOUT =
            MemoryLayout.structLayout(
                    MemoryLayout.sequenceLayout(4, JAVA_LONG).withName("db"),
                    JAVA_LONG.withName("dr6"),
                    JAVA_LONG.withName("dr7"),
                    JAVA_LONG.withName("flags"),
                    MemoryLayout.sequenceLayout(9, JAVA_LONG));

    static final int BYTES = (int) LAYOUT.byteSize();
    public static final long DB = offset(LAYOUT, "db");
    public static final long DR6 = offset(LAYOUT, "dr6"), DR7 = offset(LAYOUT, "dr7");

    public KvmDebugregs() {
        super(LAYOUT);
    }
}
