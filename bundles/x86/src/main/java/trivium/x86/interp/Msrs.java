package trivium.x86.interp;

import static trivium.x86.decode.Feature.LONG_MODE;
import static trivium.x86.decode.Feature.SYSENTER;

import java.util.HashSet;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import trivium.cpu.CpuModel;
import trivium.cpu.VcpuState;
import trivium.x86.PageWalker;

/**
 * Model-specific registers (SDM Vol. 4). MTRRs and PAT are kept and have no effect; performance
 * counters, thermal and power registers read as an idle machine's and ignore writes; what is not
 * listed raises #GP(0).
 */
final class Msrs {
    private static final Logger LOG = LoggerFactory.getLogger(Msrs.class);

    private static final int TSC = 0x10,
            PLATFORM_ID = 0x17,
            APIC_BASE = 0x1b,
            EBL_CR_POWERON = 0x2a;
    private static final int FEATURE_CONTROL = 0x3a, FSB_FREQ = 0xcd;
    private static final int BIOS_UPDT_TRIG = 0x79, BIOS_SIGN_ID = 0x8b, PERFCTR0 = 0xc1;
    private static final int PLATFORM_INFO = 0xce, MTRRCAP = 0xfe, ARCH_CAPABILITIES = 0x10a;
    private static final int BBL_CR_CTL = 0x119, BBL_CR_CTL3 = 0x11e;
    private static final int SYSENTER_CS = 0x174, SYSENTER_ESP = 0x175, SYSENTER_EIP = 0x176;
    private static final int MCG_CAP = 0x179, MCG_STATUS = 0x17a, EVNTSEL0 = 0x186;
    private static final int PERF_STATUS = 0x198, PERF_CTL = 0x199, CLOCK_MODULATION = 0x19a;
    private static final int THERM_INTERRUPT = 0x19b, THERM_STATUS = 0x19c, MISC_ENABLE = 0x1a0;
    private static final int DEBUGCTL = 0x1d9, LAST_BRANCH_FROM = 0x1db, LAST_INT_TO = 0x1de;
    private static final int MTRR_VARIABLE = 0x200, MTRR_FIX64K = 0x250, MTRR_FIX16K = 0x258;
    private static final int MTRR_FIX4K = 0x268, PAT = 0x277, MTRR_DEF_TYPE = 0x2ff;
    private static final int EFER = 0xc000_0080, STAR = 0xc000_0081, LSTAR = 0xc000_0082;
    private static final int CSTAR = 0xc000_0083, FMASK = 0xc000_0084, FS_BASE = 0xc000_0100;
    private static final int GS_BASE = 0xc000_0101, KERNEL_GS_BASE = 0xc000_0102;
    private static final int TSC_AUX = 0xc000_0103;

    /** Eight variable ranges, fixed ranges, write-combining. */
    private static final long MTRRCAP_VALUE = 0x508;

    /**
     * RDCL_NO, SKIP_L1DFL, SSB_NO, MDS_NO, PSCHANGE_MC_NO, TAA_NO, SBDR_SSDP_NO, FBSDP_NO, PSDP_NO,
     * BHI_NO, PBRSB_NO, GDS_NO, RFDS_NO: there is no speculation here.
     */
    static final long ARCH_CAPABILITIES_VALUE = 0x0d10_e179L;

    /** Microcode revision 1. */
    private static final long MICROCODE = 1L << 32;

    /** A bus of 100 MHz, ten times which is the CPU's clock. */
    private static final long BUS_100_MHZ = 5, RATIO = 10 << 8;

    private static final int MOST_UNKNOWN = 256;

    private final Cpu c;
    private final VcpuState s;
    private final SystemUnit unit;
    private final Set<Integer> unknown = new HashSet<>();

    Msrs(Cpu c, SystemUnit unit) {
        this.c = c;
        this.unit = unit;
        s = c.s;
    }

    private boolean longMode() {
        return c.features.contains(LONG_MODE);
    }

    // ---- RDMSR

    long read(int msr) {
        return switch (msr) {
            case TSC -> tsc();
            case PLATFORM_ID, EBL_CR_POWERON, BBL_CR_CTL, BBL_CR_CTL3, MCG_CAP, MCG_STATUS -> 0;
            case PERF_CTL, CLOCK_MODULATION, THERM_INTERRUPT, THERM_STATUS -> 0;
            case PERFCTR0, PERFCTR0 + 1, EVNTSEL0, EVNTSEL0 + 1, BIOS_UPDT_TRIG -> 0;
            case APIC_BASE -> s.apicBase;
            case FEATURE_CONTROL -> modern(msr, 1);
            case FSB_FREQ -> modern(msr, BUS_100_MHZ);
            case ARCH_CAPABILITIES -> modern(msr, ARCH_CAPABILITIES_VALUE);
            case PLATFORM_INFO -> modern(msr, RATIO);
            case PERF_STATUS -> modern(msr, RATIO);
            case MISC_ENABLE -> modern(msr, s.miscEnable);
            case BIOS_SIGN_ID -> MICROCODE;
            case MTRRCAP -> MTRRCAP_VALUE;
            case SYSENTER_CS -> sysenter(msr, s.sysenterCs);
            case SYSENTER_ESP -> sysenter(msr, s.sysenterEsp);
            case SYSENTER_EIP -> sysenter(msr, s.sysenterEip);
            case DEBUGCTL -> s.debugCtl;
            case MTRR_FIX64K -> s.mtrrFixed[0];
            case MTRR_FIX16K, MTRR_FIX16K + 1 -> s.mtrrFixed[1 + msr - MTRR_FIX16K];
            case PAT -> s.pat;
            case MTRR_DEF_TYPE -> s.mtrrDefType;
            default -> readRanges(msr);
        };
    }

    private long readRanges(int msr) {
        if (msr >= MTRR_VARIABLE && msr < MTRR_VARIABLE + 16) {
            return s.mtrrVariable[msr - MTRR_VARIABLE];
        }
        if (msr >= MTRR_FIX4K && msr < MTRR_FIX4K + 8) {
            return s.mtrrFixed[3 + msr - MTRR_FIX4K];
        }
        if (msr >= LAST_BRANCH_FROM && msr <= LAST_INT_TO) {
            return 0;
        }
        if (!longMode()) {
            throw refuse(msr, "read");
        }
        return switch (msr) {
            case EFER -> s.efer;
            case STAR -> s.star;
            case LSTAR -> s.lstar;
            case CSTAR -> s.cstar;
            case FMASK -> s.sfmask;
            case FS_BASE -> s.segments[VcpuState.FS].base;
            case GS_BASE -> s.segments[VcpuState.GS].base;
            case KERNEL_GS_BASE -> s.kernelGsBase;
            case TSC_AUX -> s.tscAux;
            default -> throw refuse(msr, "read");
        };
    }

    private long modern(int msr, long value) {
        if (c.model != CpuModel.X86_64) {
            throw refuse(msr, "read");
        }
        return value;
    }

    private long sysenter(int msr, long value) {
        if (!c.features.contains(SYSENTER)) {
            throw refuse(msr, "read");
        }
        return value;
    }

    long tsc() {
        return c.vcpu.tsc() + s.tscOffset;
    }

    // ---- WRMSR

    void write(int msr, long value) {
        switch (msr) {
            case TSC -> s.tscOffset = value - c.vcpu.tsc();
            case PLATFORM_ID, MTRRCAP, MCG_CAP -> throw refuse(msr, "written");
            case EBL_CR_POWERON, BBL_CR_CTL, BBL_CR_CTL3, BIOS_UPDT_TRIG, BIOS_SIGN_ID -> {}
            case MCG_STATUS, PERFCTR0, PERFCTR0 + 1, EVNTSEL0, EVNTSEL0 + 1 -> {}
            case PERF_CTL, CLOCK_MODULATION, THERM_INTERRUPT, THERM_STATUS -> modern(msr, 0);
            case APIC_BASE -> writeApicBase(value);
            case MISC_ENABLE -> {
                modern(msr, 0);
                s.miscEnable = value;
            }
            case SYSENTER_CS -> s.sysenterCs = sysenter(msr, value & 0xffff_ffffL);
            case SYSENTER_ESP -> s.sysenterEsp = sysenter(msr, address(value));
            case SYSENTER_EIP -> s.sysenterEip = sysenter(msr, address(value));
            case DEBUGCTL -> {
                requireBits(value, 0x7fff);
                s.debugCtl = value;
            }
            case MTRR_FIX64K -> s.mtrrFixed[0] = memoryTypes(value);
            case MTRR_FIX16K, MTRR_FIX16K + 1 ->
                    s.mtrrFixed[1 + msr - MTRR_FIX16K] = memoryTypes(value);
            case PAT -> writePat(value);
            case MTRR_DEF_TYPE -> {
                requireBits(value, 0xcff);
                memoryType((int) value & 0xff);
                s.mtrrDefType = value;
            }
            default -> writeRanges(msr, value);
        }
    }

    private void writeRanges(int msr, long value) {
        if (msr >= MTRR_VARIABLE && msr < MTRR_VARIABLE + 16) {
            writeVariable(msr - MTRR_VARIABLE, value);
            return;
        }
        if (msr >= MTRR_FIX4K && msr < MTRR_FIX4K + 8) {
            s.mtrrFixed[3 + msr - MTRR_FIX4K] = memoryTypes(value);
            return;
        }
        if (!longMode()) {
            throw refuse(msr, "written");
        }
        switch (msr) {
            case EFER -> unit.control.writeEfer(value);
            case STAR -> s.star = value;
            case LSTAR -> s.lstar = address(value);
            case CSTAR -> s.cstar = address(value);
            case FMASK -> {
                requireBits(value, 0xffff_ffffL);
                s.sfmask = value;
            }
            case FS_BASE -> writeBase(VcpuState.FS, value);
            case GS_BASE -> writeBase(VcpuState.GS, value);
            case KERNEL_GS_BASE -> s.kernelGsBase = address(value);
            case TSC_AUX -> {
                requireBits(value, 0xffff_ffffL);
                s.tscAux = value;
            }
            default -> throw refuse(msr, "written");
        }
    }

    private void requireBits(long value, long allowed) {
        if ((value & ~allowed) != 0) {
            throw c.gp(0);
        }
    }

    /** An address must be canonical where there is long mode; elsewhere it has 32 bits. */
    private long address(long value) {
        if (!longMode()) {
            return value & 0xffff_ffffL;
        }
        if (!SegmentUnit.canonical(value)) {
            throw c.gp(0);
        }
        return value;
    }

    private void writeBase(int segment, long value) {
        s.segments[segment].base = address(value);
        c.segmentChanged(segment);
    }

    private void writeApicBase(long value) {
        long physical = (1L << PageWalker.physicalBits(c.model)) - 1;
        requireBits(value, physical & ~0xfffL | 0x900);
        s.apicBase = value & ~0x100L | s.apicBase & 0x100;
        c.vcpu.apic().setBase(s.apicBase);
    }

    private void writePat(long value) {
        for (int i = 0; i < 8; i++) {
            int type = (int) (value >>> 8 * i) & 0xff;
            if (type > 7 || type == 2 || type == 3) {
                throw c.gp(0);
            }
        }
        s.pat = value;
    }

    private void writeVariable(int i, long value) {
        long physical = (1L << PageWalker.physicalBits(c.model)) - 1 & ~0xfffL;
        requireBits(value, (i & 1) == 0 ? physical | 0xff : physical | 0x800);
        if ((i & 1) == 0) {
            memoryType((int) value & 0xff);
        }
        s.mtrrVariable[i] = value;
    }

    private long memoryTypes(long value) {
        for (int i = 0; i < 8; i++) {
            memoryType((int) (value >>> 8 * i) & 0xff);
        }
        return value;
    }

    /** UC, WC, WT, WP, WB. */
    private void memoryType(int type) {
        if (type > 6 || type == 2 || type == 3) {
            throw c.gp(0);
        }
    }

    private GuestException refuse(int msr, String how) {
        if (unknown.size() < MOST_UNKNOWN && unknown.add(msr)) {
            LOG.debug(
                    "vCPU {}: unknown MSR {} {} at {}",
                    c.vcpu.index(),
                    Integer.toHexString(msr),
                    how,
                    Long.toHexString(c.rip));
        }
        return c.gp(0);
    }
}
