package trivium.cpu;

import java.util.Arrays;

/**
 * The canonical architectural state of one vCPU. Engines may keep it in another form while they
 * run; at every return from {@link VcpuRunner#run} it is complete and exact at an instruction
 * boundary. Bound to the vCPU's thread while the VM runs. Plain fields, because every layer above
 * copies, compares or prints it, and the interpreter works in it directly.
 */
public final class VcpuState {
    public static final int RAX = 0, RCX = 1, RDX = 2, RBX = 3, RSP = 4, RBP = 5, RSI = 6, RDI = 7;
    public static final int ES = 0, CS = 1, SS = 2, DS = 3, FS = 4, GS = 5;

    /** Interrupt shadow: none, after STI, after MOV SS or POP SS. */
    public static final int SHADOW_NONE = 0, SHADOW_STI = 1, SHADOW_MOV_SS = 2;

    /** Activity states (SDM Vol. 3C "Guest Non-Register State"). */
    public static final int ACTIVE = 0, HALTED = 1, SHUTDOWN = 2, WAIT_FOR_SIPI = 3;

    /**
     * General registers in encoding order, RAX to R15. Element 16 is always zero, so that an
     * effective address without base or index needs no special case. Outside 64-bit mode the upper
     * halves are kept as they were.
     */
    public final long[] gpr = new long[17];

    public long rip;
    public long rflags = 2;

    /** ES, CS, SS, DS, FS, GS in encoding order. */
    public final Segment[] segments = new Segment[6];

    public final Segment ldtr = new Segment();
    public final Segment tr = new Segment();
    public long gdtrBase, idtrBase;
    public int gdtrLimit, idtrLimit;
    public long cr0, cr2, cr3, cr4, cr8;

    /** PDPTEs as loaded by MOV CR3 in PAE paging. */
    public final long[] pdpte = new long[4];

    /** DR0 to DR7; 4 and 5 are unused. */
    public final long[] dr = new long[8];

    public long efer, star, lstar, cstar, sfmask, kernelGsBase, tscAux;
    public long sysenterCs, sysenterEsp, sysenterEip;
    public long apicBase, pat, miscEnable, debugCtl;

    /** MTRRs: default type, 11 fixed, 8 pairs of variable base and mask. They have no effect. */
    public long mtrrDefType;

    public final long[] mtrrFixed = new long[11];
    public final long[] mtrrVariable = new long[16];

    /** Added to the host-derived counter to give the guest's time-stamp counter. */
    public long tscOffset;

    /**
     * x87: control, status (with TOP) and abridged tag word: bit n set = physical register n full.
     */
    public int fcw, fsw, ftw;

    public int fop, fcs, fds;
    public long fip, fdp;

    /** Mantissas of physical registers R0 to R7; the MMX registers are these very words. */
    public final long[] fpMantissa = new long[8];

    /** Sign (bit 15) and exponent (bits 0-14) of physical registers R0 to R7. */
    public final int[] fpSignExponent = new int[8];

    /** XMM0 to XMM15: low quadword of XMMn at 2n, high at 2n+1. */
    public final long[] xmm = new long[32];

    public int mxcsr;

    public int interruptShadow;
    public boolean nmiBlocked;
    public int activity;

    public VcpuState() {
        Arrays.setAll(segments, _ -> new Segment());
    }

    /** Makes this state equal to another one. */
    public void set(VcpuState o) {
        System.arraycopy(o.gpr, 0, gpr, 0, gpr.length);
        rip = o.rip;
        rflags = o.rflags;
        for (int i = 0; i < segments.length; i++) {
            segments[i].set(o.segments[i]);
        }
        ldtr.set(o.ldtr);
        tr.set(o.tr);
        gdtrBase = o.gdtrBase;
        idtrBase = o.idtrBase;
        gdtrLimit = o.gdtrLimit;
        idtrLimit = o.idtrLimit;
        cr0 = o.cr0;
        cr2 = o.cr2;
        cr3 = o.cr3;
        cr4 = o.cr4;
        cr8 = o.cr8;
        System.arraycopy(o.pdpte, 0, pdpte, 0, pdpte.length);
        System.arraycopy(o.dr, 0, dr, 0, dr.length);
        efer = o.efer;
        star = o.star;
        lstar = o.lstar;
        cstar = o.cstar;
        sfmask = o.sfmask;
        kernelGsBase = o.kernelGsBase;
        tscAux = o.tscAux;
        sysenterCs = o.sysenterCs;
        sysenterEsp = o.sysenterEsp;
        sysenterEip = o.sysenterEip;
        apicBase = o.apicBase;
        pat = o.pat;
        miscEnable = o.miscEnable;
        debugCtl = o.debugCtl;
        mtrrDefType = o.mtrrDefType;
        System.arraycopy(o.mtrrFixed, 0, mtrrFixed, 0, mtrrFixed.length);
        System.arraycopy(o.mtrrVariable, 0, mtrrVariable, 0, mtrrVariable.length);
        tscOffset = o.tscOffset;
        fcw = o.fcw;
        fsw = o.fsw;
        ftw = o.ftw;
        fop = o.fop;
        fcs = o.fcs;
        fds = o.fds;
        fip = o.fip;
        fdp = o.fdp;
        System.arraycopy(o.fpMantissa, 0, fpMantissa, 0, fpMantissa.length);
        System.arraycopy(o.fpSignExponent, 0, fpSignExponent, 0, fpSignExponent.length);
        System.arraycopy(o.xmm, 0, xmm, 0, xmm.length);
        mxcsr = o.mxcsr;
        interruptShadow = o.interruptShadow;
        nmiBlocked = o.nmiBlocked;
        activity = o.activity;
    }
}
