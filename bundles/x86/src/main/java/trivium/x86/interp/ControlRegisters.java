package trivium.x86.interp;

import static trivium.x86.interp.Flags.*;

import trivium.cpu.CpuModel;
import trivium.cpu.Segment;
import trivium.cpu.VcpuState;
import trivium.x86.PageWalker;

/**
 * CR0 to CR8 and EFER: what may be written when, and what must be forgotten then (SDM Vol. 2B
 * "MOV—Move to/from Control Registers", Vol. 3A "Control Registers", "Invalidation of TLBs").
 */
final class ControlRegisters {
    private static final long CR0_ALL =
            CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_ET | CR0_NE | CR0_WP | CR0_AM | CR0_NW | CR0_CD
                    | CR0_PG;
    private static final long CR0_386 = CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_ET | CR0_PG;
    private static final long CR0_PAGING = CR0_PE | CR0_PG | CR0_WP;
    private static final long CR4_P3 = 0x7ff, CR4_64 = CR4_UMIP | CR4_SMEP | CR4_SMAP;
    private static final long CR4_PAGING = CR4_PSE | CR4_PAE | CR4_PGE | CR4_SMEP | CR4_SMAP;

    /** MP, EM, TS: what LMSW writes; it can also set PE. */
    private static final long MSW = CR0_MP | CR0_EM | CR0_TS;

    private static final long EFER_ALL = EFER_SCE | EFER_LME | EFER_NXE;

    private final Cpu c;
    private final VcpuState s;
    private final SystemUnit unit;
    private final long cr0Mask, cr4Mask, physicalMask;

    ControlRegisters(Cpu c, SystemUnit unit) {
        this.c = c;
        this.unit = unit;
        s = c.s;
        cr0Mask = c.model.atLeast(CpuModel.PENTIUM3) ? CR0_ALL : CR0_386;
        cr4Mask =
                switch (c.model) {
                    case PENTIUM3 -> CR4_P3;
                    case X86_64 -> CR4_P3 | CR4_64;
                    default -> 0;
                };
        physicalMask = (1L << PageWalker.physicalBits(c.model)) - 1;
    }

    long read(int n) {
        return switch (n) {
            case 0 -> s.cr0;
            case 2 -> s.cr2;
            case 3 -> s.cr3;
            case 4 -> {
                requireCr4();
                yield s.cr4;
            }
            case 8 -> {
                requireCr8();
                yield c.vcpu.apic().taskPriority();
            }
            default -> throw c.ud();
        };
    }

    void write(int n, long value) {
        if (!c.mode64) {
            value &= 0xffff_ffffL;
        }
        switch (n) {
            case 0 -> writeCr0(value);
            case 2 -> s.cr2 = value;
            case 3 -> writeCr3(value);
            case 4 -> writeCr4(value);
            case 8 -> writeCr8(value);
            default -> throw c.ud();
        }
    }

    private void requireCr4() {
        if (cr4Mask == 0) {
            throw c.ud();
        }
    }

    private void requireCr8() {
        if (!c.mode64) {
            throw c.ud();
        }
    }

    // ---- CR0

    void writeCr0(long value) {
        boolean pagingWithoutProtection = (value & (CR0_PG | CR0_PE)) == CR0_PG;
        boolean badCache = (value & (CR0_NW | CR0_CD)) == CR0_NW && (cr0Mask & CR0_NW) != 0;
        if (value >>> 32 != 0 || pagingWithoutProtection || badCache) {
            throw c.gp(0);
        }
        long wanted = value & cr0Mask | CR0_ET;
        long changed = wanted ^ s.cr0;
        boolean turnOn = (changed & wanted & CR0_PG) != 0;
        if (turnOn) {
            turnPagingOn();
        } else if ((changed & CR0_PG) != 0) {
            if (c.mode64) {
                throw c.gp(0);
            }
            s.efer &= ~EFER_LMA;
        } else if ((changed & (CR0_CD | CR0_NW)) != 0 && paePaging()) {
            loadPdptes(s.cr3);
        }
        s.cr0 = wanted;
        if ((changed & CR0_PAGING) != 0) {
            flushAll();
        }
        if ((changed & ~(CR0_TS | CR0_MP | CR0_EM)) != 0) {
            c.modeChanged();
        }
    }

    private void turnPagingOn() {
        if ((s.efer & EFER_LME) != 0) {
            boolean longCode = (s.segments[VcpuState.CS].attributes & Segment.L) != 0;
            boolean tss16 = s.tr.usable() && (s.tr.type() & 8) == 0;
            if ((s.cr4 & CR4_PAE) == 0 || longCode || tss16) {
                throw c.gp(0);
            }
            s.efer |= EFER_LMA;
        } else if ((s.cr4 & CR4_PAE) != 0) {
            loadPdptes(s.cr3);
        }
    }

    /** The machine status word. */
    long msw() {
        return switch (c.model) {
            // The 80286 reads its undefined bits as ones.
            case I80286 -> s.cr0 & 0xf | 0xfff0;
            default -> s.cr0;
        };
    }

    void lmsw(int value) {
        long low = value & (MSW | CR0_PE) | s.cr0 & CR0_PE;
        if (c.model == CpuModel.I80286) {
            s.cr0 = low;
            c.modeChanged();
        } else {
            writeCr0(s.cr0 & ~(MSW | CR0_PE) | low);
        }
    }

    void clts() {
        s.cr0 &= ~CR0_TS;
    }

    // ---- CR3

    private void writeCr3(long value) {
        if (c.longMode && (value & ~physicalMask) != 0) {
            throw c.gp(0);
        }
        if (paePaging()) {
            loadPdptes(value);
        }
        s.cr3 = value;
        c.mmu.flushNonGlobal();
        c.flushLocal();
    }

    void loadCr3ForTask(long value) {
        if (paePaging()) {
            loadPdptes(value);
        }
        s.cr3 = value;
        c.mmu.flushNonGlobal();
        c.flushLocal();
    }

    private boolean paePaging() {
        return (s.cr0 & CR0_PG) != 0 && (s.cr4 & CR4_PAE) != 0 && !c.longMode;
    }

    /** SDM Vol. 3A "PDPTE Registers": all four are checked before any is loaded. */
    private void loadPdptes(long cr3) {
        long table = cr3 & 0xffff_ffe0L;
        long reserved = ~physicalMask | 0x1e6;
        for (int i = 0; i < 4; i++) {
            long e = c.memory.read(table + 8L * i, 8);
            if ((e & 1) != 0 && (e & reserved) != 0) {
                throw c.gp(0);
            }
        }
        for (int i = 0; i < 4; i++) {
            s.pdpte[i] = c.memory.read(table + 8L * i, 8);
        }
    }

    // ---- CR4

    private void writeCr4(long value) {
        requireCr4();
        boolean leavesPae = (value & CR4_PAE) == 0 && c.longMode;
        if ((value & ~cr4Mask) != 0 || leavesPae) {
            throw c.gp(0);
        }
        long changed = value ^ s.cr4;
        boolean paging = (s.cr0 & CR0_PG) != 0;
        if (paging && (value & CR4_PAE) != 0 && !c.longMode && (changed & CR4_PAGING) != 0) {
            loadPdptes(s.cr3);
        }
        s.cr4 = value;
        if ((changed & CR4_PAGING) != 0) {
            flushAll();
        }
        c.privilegeChanged();
        unit.updateAttention();
    }

    // ---- CR8, EFER

    private void writeCr8(long value) {
        requireCr8();
        if (value >>> 4 != 0) {
            throw c.gp(0);
        }
        s.cr8 = value;
        c.vcpu.apic().setTaskPriority((int) value);
    }

    void writeEfer(long value) {
        boolean changesLme = ((value ^ s.efer) & EFER_LME) != 0;
        if ((value & ~(EFER_ALL | EFER_LMA)) != 0 || changesLme && (s.cr0 & CR0_PG) != 0) {
            throw c.gp(0);
        }
        long changed = (value ^ s.efer) & EFER_ALL;
        s.efer = value & EFER_ALL | s.efer & EFER_LMA;
        if ((changed & EFER_NXE) != 0) {
            flushAll();
        }
    }

    // ---- TLBs

    private void flushAll() {
        c.mmu.flushAll();
        c.flushTlb();
    }

    void invlpg(long linear) {
        if (c.mode64 && !SegmentUnit.canonical(linear)) {
            return;
        }
        c.mmu.flushPage(linear);
        c.flushTlbPage(linear);
    }
}
