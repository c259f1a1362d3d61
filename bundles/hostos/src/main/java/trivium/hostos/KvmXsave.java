package trivium.hostos;

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
                    MemoryLayout.paddingLayout(6),
                    JAVA_SHORT.withName("fop"),
                    JAVA_LONG.withName("fip"),
                    JAVA_LONG.withName("fdp"),
                    MemoryLayout.paddingLayout(488),
                    JAVA_LONG.withName("xstate_bv"),
                    MemoryLayout.paddingLayout(BYTES - 520));

    /** The FXSAVE64 area, and the x87 pointers in it. */
    public static final long FXSAVE = 0, FOP = offset(LAYOUT, "fop");

    public static final long FIP = offset(LAYOUT, "fip"), FDP = offset(LAYOUT, "fdp");

    /** Which components are not in their initial state: bit 0 is x87, bit 1 SSE. */
    public static final long XSTATE_BV = offset(LAYOUT, "xstate_bv");

    public static final long FXSAVE_BYTES = 512;

    public KvmXsave() {
        super(LAYOUT);
    }
}
