package trivium.cpu;

/** Kinds of guest code that engines run at different speeds. */
public enum CodeKind {
    REAL("real mode and unpaged"),
    KERNEL_32("32-bit kernel"),
    USER_32("32-bit user"),
    KERNEL_64("64-bit kernel"),
    USER_64("64-bit user");
    private static final long CR0_PE = 1, CR0_PG = 1L << 31, EFER_LMA = 1 << 10;

    private final String text;

    CodeKind(String text) {
        this.text = text;
    }

    /** What a vCPU runs that stands still here. */
    public static CodeKind of(VcpuState s) {
        if ((s.cr0 & (CR0_PE | CR0_PG)) != (CR0_PE | CR0_PG)) {
            return REAL;
        }
        boolean user = s.segments[VcpuState.SS].dpl() == 3;
        boolean code64 =
                (s.efer & EFER_LMA) != 0 && (s.segments[VcpuState.CS].attributes & Segment.L) != 0;
        if (code64) {
            return user ? USER_64 : KERNEL_64;
        }
        return user ? USER_32 : KERNEL_32;
    }

    @Override
    public String toString() {
        return text;
    }
}
