package trivium.x86;

import java.util.Arrays;
import trivium.cpu.CpuModel;
import trivium.cpu.Segment;
import trivium.cpu.VcpuState;

/**
 * The state of a CPU after power-on, RESET and INIT (SDM Vol. 3A "Processor State After Reset",
 * Table "IA-32 and Intel 64 Processor States Following Power-up, Reset, or INIT").
 */
public final class Reset {
    private static final int DATA = 0x93, CODE = 0x9b, LDT = 0x82, BUSY_TSS = 0x8b;
    private static final long APIC_BASE = 0xfee0_0000L, APIC_ENABLED = 1 << 11, APIC_BSP = 1 << 8;
    private static final long CR0_CACHE = 0x6000_0000L;

    private Reset() {}

    /** Power-on of the only, or the bootstrap, processor. */
    public static void powerOn(VcpuState s, CpuModel model) {
        powerOn(s, model, 0);
    }

    /**
     * Power-on or RESET.
     *
     * @param index of the vCPU: all but the first wait for a start-up IPI
     */
    public static void powerOn(VcpuState s, CpuModel model, int index) {
        s.set(new VcpuState());
        if (model.atLeast(CpuModel.PENTIUM3)) {
            s.apicBase = APIC_BASE | APIC_ENABLED | (index == 0 ? APIC_BSP : 0);
            s.pat = 0x0007_0406_0007_0406L;
            s.miscEnable = model == CpuModel.X86_64 ? 1 : 0;
            s.cr0 = CR0_CACHE;
        }
        // x87 at power-up: all registers hold +0 and are not empty.
        s.fcw = 0x40;
        s.ftw = 0xff;
        s.mxcsr = 0x1f80;
        common(s, model);
        s.activity = index == 0 ? VcpuState.ACTIVE : VcpuState.WAIT_FOR_SIPI;
    }

    /** INIT: MSRs, MTRRs, x87 and SSE state, TSC and the cache bits of CR0 stay as they are. */
    public static void init(VcpuState s, CpuModel model) {
        common(s, model);
        boolean bootstrap = !model.atLeast(CpuModel.PENTIUM3) || (s.apicBase & APIC_BSP) != 0;
        s.activity = bootstrap ? VcpuState.ACTIVE : VcpuState.WAIT_FOR_SIPI;
    }

    /** A start-up IPI: real mode at {@code vector << 12}. */
    public static void startUp(VcpuState s, int vector) {
        s.segments[VcpuState.CS].selector = vector << 8;
        s.segments[VcpuState.CS].base = (long) vector << 12;
        s.rip = 0;
        s.activity = VcpuState.ACTIVE;
    }

    private static void common(VcpuState s, CpuModel model) {
        Arrays.fill(s.gpr, 0);
        s.gpr[VcpuState.RDX] = signature(model);
        s.rflags = model == CpuModel.I8086 ? 0xf002 : 2;
        segments(s, model);
        s.gdtrBase = 0;
        s.idtrBase = 0;
        s.gdtrLimit = 0xffff;
        s.idtrLimit = model.atLeast(CpuModel.PENTIUM3) ? 0xffff : 0x3ff;
        s.cr0 = s.cr0 & CR0_CACHE | (model.atLeast(CpuModel.I386) ? 0x10 : 0);
        s.cr2 = 0;
        s.cr3 = 0;
        s.cr4 = 0;
        s.cr8 = 0;
        s.efer = 0;
        Arrays.fill(s.pdpte, 0);
        Arrays.fill(s.dr, 0);
        s.dr[6] = 0xffff_0ff0L;
        s.dr[7] = 0x400;
        s.debugCtl = 0;
        s.interruptShadow = VcpuState.SHADOW_NONE;
        s.nmiBlocked = false;
    }

    private static void segments(VcpuState s, CpuModel model) {
        for (Segment segment : s.segments) {
            segment.set(0, 0, 0xffff, DATA);
        }
        Segment cs = s.segments[VcpuState.CS];
        switch (model) {
            case I8086 -> cs.set(0xffff, 0xf_fff0, 0xffff, CODE);
            case I80286 -> cs.set(0xf000, 0xff_0000, 0xffff, CODE);
            default -> cs.set(0xf000, 0xffff_0000L, 0xffff, CODE);
        }
        s.rip = model == CpuModel.I8086 ? 0 : 0xfff0;
        s.ldtr.set(0, 0, 0xffff, LDT);
        s.tr.set(0, 0, 0xffff, BUSY_TSS);
    }

    /** Family, model and stepping: CPUID.1:EAX, and EDX after RESET from the 386 on. */
    public static int signature(CpuModel model) {
        return switch (model) {
            case I8086, I80286 -> 0;
            case I386 -> 0x0308;
            case PENTIUM3 -> 0x0683;
            // An in-order Atom, for this CPU does not speculate either: kernels then leave out
            // their costly defences.
            case X86_64 -> 0x106ca;
        };
    }
}
