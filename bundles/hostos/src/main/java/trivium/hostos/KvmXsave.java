package trivium.hostos;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.StructLayout;

/**
 * {@code struct kvm_xsave}: the FXSAVE64 area and the XSAVE header (SDM Vol. 1 "XSAVE Area"), then
 * what else the host's CPU keeps, which passes through unseen.
 */
public final class KvmXsave extends KvmStruct {
    static final int BYTES = 4096;
    static final StructLayout LAYOUT =
            MemoryLayout.structLayout(
                    JAVA_SHORT.withName("fcw"),
                    JAVA_SHORT.withName("fsw"),
                    JAVA_BYTE.withName("ftw"),
                    MemoryLayout.paddingLayout(1),
                    JAVA_SHORT.withName("fop"),
                    JAVA_LONG.withName("fip"),
                    JAVA_LONG.withName("fdp"),
                    JAVA_INT.withName("mxcsr"),
                    JAVA_INT.withName("mxcsr_mask"),
                    MemoryLayout.sequenceLayout(16, JAVA_LONG).withName("st"),
                    MemoryLayout.sequenceLayout(32, JAVA_LONG).withName("xmm"),
                    MemoryLayout.paddingLayout(96),
                    JAVA_LONG.withName("xstate_bv"),
                    MemoryLayout.paddingLayout(BYTES - 520));

    public static final long FCW = offset(LAYOUT, "fcw"), FSW = offset(LAYOUT, "fsw");
    public static final long FTW = offset(LAYOUT, "ftw"), FOP = offset(LAYOUT, "fop");
    public static final long FIP = offset(LAYOUT, "fip"), FDP = offset(LAYOUT, "fdp");
    public static final long MXCSR = offset(LAYOUT, "mxcsr");

    /** ST(0) to ST(7), 16 bytes each. */
    public static final long ST = offset(LAYOUT, "st");

    public static final long XMM = offset(LAYOUT, "xmm");

    /** Which components are not in their initial state: bit 0 is x87, bit 1 SSE. */
    public static final long XSTATE_BV = offset(LAYOUT, "xstate_bv");

    public KvmXsave() {
        super(LAYOUT);
    }
}
