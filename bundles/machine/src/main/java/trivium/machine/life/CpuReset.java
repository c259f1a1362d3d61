package trivium.machine.life;

import java.util.Arrays;
import trivium.cpu.CpuModel;
import trivium.cpu.Segment;
import trivium.cpu.VcpuState;

/** The state of a CPU after power-on (SDM Vol. 3A "Processor State After Reset"). */
final class CpuReset {
    private static final int DATA = 0x93, CODE = 0x9b, LDT = 0x82, TSS_BUSY = 0x8b;
    private static final long CR0_ET = 1 << 4, CR0_NW_CD = 0x6000_0000L, MSW_286 = 0xfff0;
    private static final long APIC_BASE = 0xfee0_0900L, APIC_BSP = 1 << 8;
    private static final long PAT = 0x0007_0406_0007_0406L;

    private CpuReset() {}

    /** CPU 0 is the boot processor; the others wait for a start-up IPI. */
    static void apply(VcpuState s, CpuModel model, int index) {
        s.set(new VcpuState());
        for (Segment segment : s.segments) {
            segment.set(0, 0, 0xffff, DATA);
        }
        switch (model) {
            case I8086 -> s.segments[VcpuState.CS].set(0xffff, 0xf_fff0, 0xffff, CODE);
            case I80286 -> s.segments[VcpuState.CS].set(0xf000, 0xff_0000, 0xffff, CODE);
            default -> s.segments[VcpuState.CS].set(0xf000, 0xffff_0000L, 0xffff, CODE);
        }
        s.rip = model == CpuModel.I8086 ? 0 : 0xfff0;
        s.ldtr.set(0, 0, 0xffff, LDT);
        s.tr.set(0, 0, 0xffff, TSS_BUSY);
        s.gdtrLimit = s.idtrLimit = model.atLeast(CpuModel.I386) ? 0xffff : 0x3ff;
        s.cr0 = cr0(model);
        s.gpr[VcpuState.RDX] = signature(model);
        s.dr[6] = 0xffff_0ff0L;
        s.dr[7] = 0x400;
        s.fcw = 0x40;
        s.ftw = 0xff;
        s.mxcsr = 0x1f80;
        s.pat = PAT;
        s.apicBase = model.atLeast(CpuModel.PENTIUM3) ? APIC_BASE & (index == 0 ? -1 : ~APIC_BSP) : 0;
        s.activity = index == 0 ? VcpuState.ACTIVE : VcpuState.WAIT_FOR_SIPI;
        Arrays.fill(s.xmm, 0);
    }

    private static long cr0(CpuModel model) {
        return switch (model) {
            case I8086 -> 0;
            case I80286 -> MSW_286;
            case I386 -> CR0_ET;
            default -> CR0_ET | CR0_NW_CD;
        };
    }

    /** Family, model and stepping, as RESET leaves them in EDX. */
    private static long signature(CpuModel model) {
        return switch (model) {
            case I8086, I80286 -> 0;
            case I386 -> 0x308;
            case PENTIUM3 -> 0x683;
            case X86_64 -> 0x10676;
        };
    }
}
