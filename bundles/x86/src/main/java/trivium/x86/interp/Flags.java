package trivium.x86.interp;

/**
 * Bits of RFLAGS, CR0, CR4 and EFER (SDM Vol. 1 "EFLAGS Register", Vol. 3A "Control Registers").
 */
public final class Flags {
    public static final int CF = 1, PF = 1 << 2, AF = 1 << 4, ZF = 1 << 6, SF = 1 << 7, TF = 1 << 8;
    public static final int IF = 1 << 9, DF = 1 << 10, OF = 1 << 11, IOPL = 3 << 12, NT = 1 << 14;
    public static final int RF = 1 << 16, VM = 1 << 17, AC = 1 << 18, VIF = 1 << 19;
    public static final int VIP = 1 << 20, ID = 1 << 21;

    /** The arithmetic flags. */
    public static final int STATUS = CF | PF | AF | ZF | SF | OF;

    public static final long CR0_PE = 1, CR0_MP = 1 << 1, CR0_EM = 1 << 2, CR0_TS = 1 << 3;
    public static final long CR0_ET = 1 << 4, CR0_NE = 1 << 5, CR0_WP = 1 << 16, CR0_AM = 1 << 18;
    public static final long CR0_NW = 1 << 29, CR0_CD = 1 << 30, CR0_PG = 1L << 31;
    public static final long CR4_VME = 1, CR4_PVI = 1 << 1, CR4_TSD = 1 << 2, CR4_DE = 1 << 3;
    public static final long CR4_PSE = 1 << 4, CR4_PAE = 1 << 5, CR4_MCE = 1 << 6, CR4_PGE = 1 << 7;
    public static final long CR4_PCE = 1 << 8, CR4_OSFXSR = 1 << 9, CR4_OSXMMEXCPT = 1 << 10;
    public static final long CR4_UMIP = 1 << 11, CR4_SMEP = 1 << 20, CR4_SMAP = 1 << 21;
    public static final long EFER_SCE = 1,
            EFER_LME = 1 << 8,
            EFER_LMA = 1 << 10,
            EFER_NXE = 1 << 11;

    private Flags() {}
}
