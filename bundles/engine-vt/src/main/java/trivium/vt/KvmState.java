package trivium.vt;

import static trivium.cpu.VcpuState.CS;
import static trivium.cpu.VcpuState.DS;
import static trivium.cpu.VcpuState.ES;
import static trivium.cpu.VcpuState.FS;
import static trivium.cpu.VcpuState.GS;
import static trivium.cpu.VcpuState.SS;

import java.io.IOException;
import trivium.cpu.Segment;
import trivium.cpu.Vcpu;
import trivium.cpu.VcpuState;
import trivium.hostos.KvmDebugregs;
import trivium.hostos.KvmMsrs;
import trivium.hostos.KvmRegs;
import trivium.hostos.KvmSregs;
import trivium.hostos.KvmVcpu;
import trivium.hostos.KvmVcpuEvents;
import trivium.hostos.KvmXsave;
import trivium.x86.FxImage;

/**
 * Carries the canonical state of a vCPU into KVM and out. What KVM does not keep stays as it is in
 * the canonical state: MTRRs and IA32_MISC_ENABLE (the guest's accesses exit, see {@link VtVm}),
 * FCS and FDS unless FIP changed. What the host's CPU has beyond SSE passes through KVM's XSAVE
 * area untouched. Bound to the vCPU's thread.
 */
final class KvmState {
    private static final int SYSENTER_CS = 0x174, SYSENTER_ESP = 0x175, SYSENTER_EIP = 0x176;
    private static final int PAT = 0x277, TSC = 0x10;
    private static final int STAR = 0xc000_0081, LSTAR = 0xc000_0082, CSTAR = 0xc000_0083;
    private static final int FMASK = 0xc000_0084, KERNEL_GS_BASE = 0xc000_0102;
    private static final int TSC_AUX = 0xc000_0103;
    private static final int[] MSRS = {
        SYSENTER_CS, SYSENTER_ESP, SYSENTER_EIP, PAT, STAR, LSTAR, CSTAR, FMASK, KERNEL_GS_BASE
    };

    private static final long X87_AND_SSE = 3;
    private static final long CR0_PG = 1L << 31, CR4_PAE = 1 << 5, EFER_LMA = 1 << 10;
    private static final long UPPER_LIMIT = 0xfffffL;

    /** PG, WP, NE, ET, MP, PE; UMIP, OSXMMEXCPT, OSFXSR, PAE; NXE, LMA, LME, SCE. */
    private static final long USER_CR0 = 0x8001_0033L, USER_CR4 = 0xe20, USER_EFER = 0xd01;

    private static final Segment NONE = new Segment(), EMPTY_TSS = new Segment();

    /** By the numbers of {@link VcpuState#segments}. */
    private static final int[] SEGMENTS = new int[6];

    static {
        EMPTY_TSS.set(8, 0, 0, 0x8b);
        SEGMENTS[ES] = KvmSregs.ES;
        SEGMENTS[CS] = KvmSregs.CS;
        SEGMENTS[SS] = KvmSregs.SS;
        SEGMENTS[DS] = KvmSregs.DS;
        SEGMENTS[FS] = KvmSregs.FS;
        SEGMENTS[GS] = KvmSregs.GS;
    }

    private final Vcpu vcpu;
    private final VcpuState s;
    private final KvmVcpu kvm;
    private final KvmRegs regs = new KvmRegs();
    private final KvmSregs sregs = new KvmSregs();
    private final KvmXsave xsave = new KvmXsave();

    /** What KVM has, if it is known: then what is the same need not be set. */
    private final KvmSregs kvmSregs = new KvmSregs();

    private boolean sregsKnown;

    /** What {@link #xsave} had, which KVM has. */
    private final KvmXsave kvmXsave = new KvmXsave();

    private final KvmVcpuEvents events = new KvmVcpuEvents();
    private final KvmDebugregs debugregs = new KvmDebugregs();
    private final KvmMsrs msrs = new KvmMsrs(MSRS), tsc = new KvmMsrs(TSC);

    /** Null where KVM has none. */
    private final KvmMsrs tscAux;

    /** Whether the time-stamp counter runs at the VM's rate in KVM, so that setting it helps. */
    private final boolean ownTsc;

    KvmState(Vcpu vcpu, KvmVcpu kvm, boolean ownTsc) throws IOException {
        this.vcpu = vcpu;
        this.s = vcpu.state();
        this.kvm = kvm;
        this.ownTsc = ownTsc;
        kvm.get(xsave);
        tscAux = tscAux(kvm);
    }

    private static KvmMsrs tscAux(KvmVcpu kvm) {
        KvmMsrs msr = new KvmMsrs(TSC_AUX);
        try {
            kvm.get(msr);
            return msr;
        } catch (IOException _) {
            return null; // a host without RDTSCP
        }
    }

    // --- in

    void load() throws IOException {
        putSregs(sregs, s.idtrLimit, s.idtrBase);
        kvm.set(sregs);
        loadRegs();
        loadMsrs(s.lstar, s.cstar);
        if (ownTsc) {
            tsc.value(0, vcpu.tsc() + s.tscOffset);
            kvm.set(tsc);
        }
        for (int i = 0; i < 4; i++) {
            debugregs.u64(KvmDebugregs.DB + 8L * i, s.dr[i]);
        }
        debugregs.u64(KvmDebugregs.DR6, s.dr[6] & 0xffff_ffffL);
        debugregs.u64(KvmDebugregs.DR7, s.dr[7] & 0xffff_ffffL);
        kvm.set(debugregs);
        loadEvents();
    }

    private void loadEvents() throws IOException {
        events.clear();
        events.u8(
                KvmVcpuEvents.INTERRUPT_SHADOW,
                switch (s.interruptShadow) {
                    case VcpuState.SHADOW_STI -> KvmVcpuEvents.SHADOW_INT_STI;
                    case VcpuState.SHADOW_MOV_SS -> KvmVcpuEvents.SHADOW_INT_MOV_SS;
                    default -> 0;
                });
        events.u8(KvmVcpuEvents.NMI_MASKED, s.nmiBlocked ? 1 : 0);
        events.u32(
                KvmVcpuEvents.FLAGS, KvmVcpuEvents.VALID_NMI_PENDING | KvmVcpuEvents.VALID_SHADOW);
        kvm.set(events);
    }

    /**
     * For ring 3 alone: whatever would enter ring 0 shuts the vCPU down before it has happened.
     *
     * @param cr3 of tables that the guest does not have
     */
    void loadUser(long cr3, long trapAddress) throws IOException {
        putUserSregs(cr3);
        if (!sregsKnown || cr2 != NO_FAULT || !sregs.startsLike(kvmSregs, KvmSregs.BYTES)) {
            kvm.set(sregs);
            kvmSregs.copyFrom(sregs, KvmSregs.BYTES);
            cr2 = NO_FAULT;
        }
        loadRegs();
        if (!sregsKnown) {
            loadMsrs(trapAddress, trapAddress);
            loadEvents();
        }
        sregsKnown = true;
    }

    /**
     * Ring 3 sees its segments, and of the rest nothing. There is no IDT, GDT, LDT or TSS that an
     * emulator could find something in.
     */
    private void putUserSregs(long cr3) {
        putSregs(sregs, 0, 0);
        sregs.u64(KvmSregs.GDT + KvmSregs.BASE, 0);
        sregs.u16(KvmSregs.GDT + KvmSregs.LIMIT, 0);
        put(sregs, KvmSregs.LDT, NONE);
        put(sregs, KvmSregs.TR, EMPTY_TSS);
        sregs.u64(KvmSregs.CR0, USER_CR0);
        sregs.u64(KvmSregs.CR2, NO_FAULT);
        sregs.u64(KvmSregs.CR3, cr3);
        sregs.u64(KvmSregs.CR4, USER_CR4);
        sregs.u64(KvmSregs.EFER, USER_EFER);
    }

    private void putSregs(KvmSregs sregs, int idtrLimit, long idtrBase) {
        for (int i = 0; i < SEGMENTS.length; i++) {
            put(sregs, SEGMENTS[i], s.segments[i]);
        }
        put(sregs, KvmSregs.LDT, s.ldtr);
        put(sregs, KvmSregs.TR, s.tr);
        sregs.u16(KvmSregs.IDT + KvmSregs.LIMIT, idtrLimit);
        sregs.u64(KvmSregs.IDT + KvmSregs.BASE, idtrBase);
        sregs.u16(KvmSregs.GDT + KvmSregs.LIMIT, s.gdtrLimit);
        sregs.u64(KvmSregs.GDT + KvmSregs.BASE, s.gdtrBase);
        sregs.u64(KvmSregs.CR0, s.cr0);
        sregs.u64(KvmSregs.CR2, s.cr2);
        sregs.u64(KvmSregs.CR3, s.cr3);
        sregs.u64(KvmSregs.CR4, s.cr4);
        sregs.u64(KvmSregs.CR8, vcpu.apic().taskPriority());
        sregs.u64(KvmSregs.EFER, s.efer);
        sregs.u64(KvmSregs.APIC_BASE, s.apicBase);
        for (int i = 0; i < 4; i++) {
            sregs.u64(KvmSregs.INTERRUPT_BITMAP + 8L * i, 0);
        }
    }

    private static void put(KvmSregs sregs, int index, Segment from) {
        long at = index * KvmSregs.SEGMENT_BYTES;
        int a = from.attributes;
        sregs.u64(at + KvmSregs.BASE, from.base);
        sregs.u32(at + KvmSregs.LIMIT, (int) from.limit);
        sregs.u16(at + KvmSregs.SELECTOR, from.selector);
        sregs.u8(at + KvmSregs.TYPE, a & Segment.TYPE);
        sregs.u8(at + KvmSregs.S, a >>> 4 & 1);
        sregs.u8(at + KvmSregs.DPL, a >>> Segment.DPL_SHIFT & 3);
        sregs.u8(at + KvmSregs.PRESENT, a >>> 7 & 1);
        sregs.u8(at + KvmSregs.AVL, a >>> 12 & 1);
        sregs.u8(at + KvmSregs.L, a >>> 13 & 1);
        sregs.u8(at + KvmSregs.DB, a >>> 14 & 1);
        sregs.u8(at + KvmSregs.G, a >>> 15 & 1);
        sregs.u8(at + KvmSregs.UNUSABLE, from.usable() ? 0 : 1);
    }

    private void loadRegs() throws IOException {
        for (int i = 0; i < 16; i++) {
            regs.u64(KvmRegs.gpr(i), s.gpr[i]);
        }
        regs.u64(KvmRegs.RIP, s.rip);
        regs.u64(KvmRegs.RFLAGS, s.rflags);
        kvm.set(regs);
        kvmXsave.copyFrom(xsave, KvmXsave.FXSAVE_BYTES);
        FxImage.put(s, xsave.hva(KvmXsave.FXSAVE));
        xsave.u16(KvmXsave.FOP, s.fop);
        xsave.u64(KvmXsave.FIP, s.fip);
        xsave.u64(KvmXsave.FDP, s.fdp);
        if (!xsave.startsLike(kvmXsave, KvmXsave.FXSAVE_BYTES)) {
            xsave.u64(KvmXsave.XSTATE_BV, xsave.u64(KvmXsave.XSTATE_BV) | X87_AND_SSE);
            kvm.set(xsave);
        }
    }

    private void loadMsrs(long lstar, long cstar) throws IOException {
        long[] values = {
            s.sysenterCs,
            s.sysenterEsp,
            s.sysenterEip,
            s.pat,
            s.star,
            lstar,
            cstar,
            s.sfmask,
            s.kernelGsBase
        };
        for (int i = 0; i < values.length; i++) {
            msrs.value(i, values[i]);
        }
        kvm.set(msrs);
        if (tscAux != null) {
            tscAux.value(0, s.tscAux);
            kvm.set(tscAux);
        }
    }

    // --- out

    /** What KVM had begun to deliver and the canonical state cannot say. */
    int owedVector;

    boolean owedNmi;

    void store() throws IOException {
        kvm.get(sregs);
        storeRegs();
        for (int i = 0; i < SEGMENTS.length; i++) {
            get(SEGMENTS[i], s.segments[i], i == SS);
        }
        get(KvmSregs.LDT, s.ldtr, false);
        get(KvmSregs.TR, s.tr, false);
        s.gdtrLimit = sregs.u16(KvmSregs.GDT + KvmSregs.LIMIT);
        s.gdtrBase = sregs.u64(KvmSregs.GDT + KvmSregs.BASE);
        s.idtrLimit = sregs.u16(KvmSregs.IDT + KvmSregs.LIMIT);
        s.idtrBase = sregs.u64(KvmSregs.IDT + KvmSregs.BASE);
        s.cr0 = sregs.u64(KvmSregs.CR0);
        s.cr2 = sregs.u64(KvmSregs.CR2);
        s.cr3 = sregs.u64(KvmSregs.CR3);
        s.cr4 = sregs.u64(KvmSregs.CR4);
        s.efer = sregs.u64(KvmSregs.EFER);
        storePdptes();
        kvm.get(msrs);
        s.sysenterCs = msrs.value(0);
        s.sysenterEsp = msrs.value(1);
        s.sysenterEip = msrs.value(2);
        s.pat = msrs.value(3);
        s.star = msrs.value(4);
        s.lstar = msrs.value(5);
        s.cstar = msrs.value(6);
        s.sfmask = msrs.value(7);
        s.kernelGsBase = msrs.value(8);
        if (tscAux != null) {
            kvm.get(tscAux);
            s.tscAux = tscAux.value(0);
        }
        kvm.get(debugregs);
        for (int i = 0; i < 4; i++) {
            s.dr[i] = debugregs.u64(KvmDebugregs.DB + 8L * i);
        }
        s.dr[6] = debugregs.u64(KvmDebugregs.DR6);
        s.dr[7] = debugregs.u64(KvmDebugregs.DR7);
        storeEvents();
    }

    /**
     * SDM Vol. 3A "PDPTE Registers": KVM loads them anew from memory when state is set, so they are
     * what memory has.
     */
    private void storePdptes() {
        boolean pae = (s.cr0 & CR0_PG) != 0 && (s.cr4 & CR4_PAE) != 0 && (s.efer & EFER_LMA) == 0;
        for (int i = 0; pae && i < 4; i++) {
            s.pdpte[i] = vcpu.memory().read((s.cr3 & 0xffff_ffe0L) + 8L * i, 8);
        }
    }

    /**
     * An exception that waits is dropped: the state is before its instruction, which will raise it
     * again.
     */
    private void storeEvents() throws IOException {
        kvm.get(events);
        int shadow = events.u8(KvmVcpuEvents.INTERRUPT_SHADOW);
        if (shadow == 0) {
            s.interruptShadow = VcpuState.SHADOW_NONE;
        } else if (shadow == KvmVcpuEvents.SHADOW_INT_MOV_SS) {
            s.interruptShadow = VcpuState.SHADOW_MOV_SS;
        } else if (shadow == KvmVcpuEvents.SHADOW_INT_STI
                || s.interruptShadow == VcpuState.SHADOW_NONE) {
            // AMD-V does not tell the two apart and gives both.
            s.interruptShadow = VcpuState.SHADOW_STI;
        }
        s.nmiBlocked = events.u8(KvmVcpuEvents.NMI_MASKED) != 0;
        owedVector = -1;
        if (events.u8(KvmVcpuEvents.INTERRUPT_INJECTED) != 0
                && events.u8(KvmVcpuEvents.INTERRUPT_SOFT) == 0) {
            owedVector = events.u8(KvmVcpuEvents.INTERRUPT_NR);
        }
        owedNmi =
                events.u8(KvmVcpuEvents.NMI_INJECTED) != 0
                        || events.u8(KvmVcpuEvents.NMI_PENDING) != 0;
        if (events.u8(KvmVcpuEvents.NMI_INJECTED) != 0) {
            s.nmiBlocked = false;
        }
    }

    /** After ring 3 alone, whose code cannot have changed more. */
    void storeUser() throws IOException {
        storeRegs();
    }

    // --- what ring 3 trapped for

    /** What KVM's CR2 is as long as there was no page fault; none of user code's. */
    private static final long NO_FAULT = -1;

    long rip, cr2 = NO_FAULT, rflags;

    /** Gets the three above. */
    void fetchTrap() throws IOException {
        kvm.get(regs);
        kvm.get(sregs);
        rip = regs.u64(KvmRegs.RIP);
        rflags = regs.u64(KvmRegs.RFLAGS);
        cr2 = sregs.u64(KvmSregs.CR2);
    }

    /** The page fault is dealt with, without {@link #storeUser}. */
    void forgetFault() throws IOException {
        kvm.set(kvmSregs);
        cr2 = NO_FAULT;
    }

    private void get(int index, Segment to, boolean stack) {
        long at = index * KvmSregs.SEGMENT_BYTES;
        int dpl = sregs.u8(at + KvmSregs.DPL) << Segment.DPL_SHIFT;
        int a =
                sregs.u8(at + KvmSregs.TYPE)
                        | sregs.u8(at + KvmSregs.S) << 4
                        | dpl
                        | sregs.u8(at + KvmSregs.PRESENT) << 7
                        | sregs.u8(at + KvmSregs.AVL) << 12
                        | sregs.u8(at + KvmSregs.L) << 13
                        | sregs.u8(at + KvmSregs.DB) << 14
                        | sregs.u8(at + KvmSregs.G) << 15;
        if (sregs.u8(at + KvmSregs.UNUSABLE) != 0 || (a & Segment.P) == 0) {
            // A null selector in SS still tells the privilege level.
            a = stack ? dpl : 0;
        }
        long base = sregs.u64(at + KvmSregs.BASE);
        long limit = sregs.u32(at + KvmSregs.LIMIT) & 0xffff_ffffL;
        int selector = sregs.u16(at + KvmSregs.SELECTOR);
        boolean same = to.selector == selector && to.base == base && to.limit == limit;
        if (same && ((to.attributes ^ a) & ~Segment.G) == 0 && limit <= UPPER_LIMIT) {
            a = to.attributes; // AMD-V derives G from the limit
        }
        to.set(selector, base, limit, a);
    }

    private void storeRegs() throws IOException {
        kvm.get(regs);
        for (int i = 0; i < 16; i++) {
            s.gpr[i] = regs.u64(KvmRegs.gpr(i));
        }
        s.rip = regs.u64(KvmRegs.RIP);
        s.rflags = regs.u64(KvmRegs.RFLAGS);
        kvm.get(xsave);
        FxImage.get(xsave.hva(KvmXsave.FXSAVE), s);
        s.fop = xsave.u16(KvmXsave.FOP);
        long fip = xsave.u64(KvmXsave.FIP), fdp = xsave.u64(KvmXsave.FDP);
        if (fip != s.fip || fdp != s.fdp) {
            boolean wide = (s.efer & EFER_LMA) != 0;
            s.fcs = wide ? 0 : s.segments[CS].selector;
            s.fds = wide ? 0 : s.segments[DS].selector;
        }
        s.fip = fip;
        s.fdp = fdp;
    }

    // --- general registers alone, for ports with parameters in registers

    void fetchGpr() throws IOException {
        kvm.get(regs);
        for (int i = 0; i < 16; i++) {
            s.gpr[i] = regs.u64(KvmRegs.gpr(i));
        }
    }

    /** Sets those that differ from what {@link #fetchGpr} got, RAX aside. */
    boolean gprChanged() {
        for (int i = 1; i < 16; i++) {
            if (s.gpr[i] != regs.u64(KvmRegs.gpr(i))) {
                return true;
            }
        }
        return false;
    }

    void putGpr() throws IOException {
        kvm.get(regs);
        for (int i = 1; i < 16; i++) {
            regs.u64(KvmRegs.gpr(i), s.gpr[i]);
        }
        kvm.set(regs);
    }
}
