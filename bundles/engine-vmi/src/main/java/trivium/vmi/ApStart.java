package trivium.vmi;

import static trivium.cpu.VcpuState.CS;
import static trivium.cpu.VcpuState.DS;
import static trivium.cpu.VcpuState.ES;
import static trivium.cpu.VcpuState.FS;
import static trivium.cpu.VcpuState.GS;
import static trivium.cpu.VcpuState.SS;

import trivium.cpu.Segment;
import trivium.cpu.Vcpu;
import trivium.cpu.VcpuState;
import trivium.x86.Reset;

/**
 * Puts a vCPU into the state that SetInitialAPState asked for: paging on, segments from the table
 * that the state names, x87, SSE and other MSRs as after power-on. On the vCPU's thread.
 */
final class ApStart {
    private static final long CR0_PE = 1, CR0_ET = 1 << 4, CR0_PG = 1L << 31, CR4_PAE = 1 << 5;
    private static final long EFER_LONG = 1 << 8 | 1 << 10, LOW = 0xffff_ffffL;
    private static final int LIMIT_GRANULAR = 1 << 15, PDPTE_PRESENT = 1, TSS_BUSY = 0x8b;
    private static final int ATTRIBUTES = 0xf0ff, LDT = 2;

    /** Doublewords of the state; eight general registers follow EFLAGS. */
    private static final int CR0 = 0, CR2 = 1, CR3 = 2, CR4 = 3, EFER = 4, EIP = 6, EFLAGS = 7;

    private static final int SELECTORS = 16, GDT_LIMIT = 19, GDT_BASE = 20, IDT = 21;

    /** EAX to EDI as the state has them, and CS to GS. */
    private static final int[] REGISTERS = {
        VcpuState.RAX,
        VcpuState.RBX,
        VcpuState.RCX,
        VcpuState.RDX,
        VcpuState.RSP,
        VcpuState.RBP,
        VcpuState.RSI,
        VcpuState.RDI
    };

    private static final int[] SEGMENTS = {CS, SS, DS, ES, FS, GS};

    private final Vcpu vcpu;
    private final VcpuState s;
    private final GuardedMmu mmu;

    ApStart(Vcpu vcpu, GuardedMmu mmu) {
        this.vcpu = vcpu;
        this.mmu = mmu;
        s = vcpu.state();
    }

    /**
     * @return false if there can be no such state: the vCPU goes on waiting
     */
    boolean apply(int[] a) {
        boolean paging = (a[CR0] & CR0_PE) != 0 && (a[CR0] & CR0_PG) != 0;
        if (!paging || (a[EFER] & EFER_LONG) != 0) {
            return false;
        }
        Reset.init(s, vcpu.model());
        s.activity = VcpuState.WAIT_FOR_SIPI;
        s.cr0 = a[CR0] & LOW | CR0_ET;
        s.cr2 = a[CR2] & LOW;
        s.cr3 = a[CR3] & LOW;
        s.cr4 = a[CR4] & LOW;
        s.efer = a[EFER] & LOW;
        s.rip = a[EIP] & LOW;
        s.rflags = a[EFLAGS] & 0x3f_7fd5L | 2;
        for (int i = 0; i < REGISTERS.length; i++) {
            s.gpr[REGISTERS[i]] = a[EFLAGS + 1 + i] & LOW;
        }
        s.gdtrLimit = a[GDT_LIMIT] >>> 16;
        s.gdtrBase = a[GDT_BASE] & LOW;
        s.idtrBase = a[IDT] & LOW;
        s.idtrLimit = a[IDT + 1] & 0xffff;
        pdptes();
        mmu.flush();
        if (!segments(a)) {
            Reset.init(s, vcpu.model());
            return false;
        }
        s.activity = VcpuState.ACTIVE;
        return true;
    }

    private void pdptes() {
        if ((s.cr4 & CR4_PAE) != 0) {
            for (int i = 0; i < s.pdpte.length; i++) {
                s.pdpte[i] = vcpu.memory().read((s.cr3 & ~31L) + 8 * i, 8);
            }
        }
    }

    private static int selector(int[] a, int which) {
        return a[SELECTORS + which / 2] >>> 16 * (which % 2) & 0xffff;
    }

    private boolean segments(int[] a) {
        boolean good = true;
        for (int i = 0; i < SEGMENTS.length; i++) {
            good &= load(s.segments[SEGMENTS[i]], selector(a, i));
        }
        int ldt = selector(a, SEGMENTS.length);
        s.ldtr.set(0, 0, 0, 0);
        if ((ldt & ~3) != 0) {
            good &= load(s.ldtr, ldt) && (s.ldtr.attributes & (Segment.S | Segment.TYPE)) == LDT;
        }
        s.tr.set(0, 0, 0xffff, TSS_BUSY);
        Segment cs = s.segments[CS], ss = s.segments[SS];
        return good && cs.usable() && (cs.attributes & 0x18) == 0x18 && ss.usable();
    }

    /** SDM Vol. 3A "Segment Descriptors". @return false if there is none in the GDT */
    private boolean load(Segment segment, int selector) {
        if ((selector & ~3) == 0) {
            segment.set(selector, 0, 0, 0);
            return true;
        }
        int offset = selector & ~7;
        if ((selector & 4) != 0 || offset + 7 > s.gdtrLimit) {
            return false;
        }
        long low = read(s.gdtrBase + offset), high = read(s.gdtrBase + offset + 4);
        if (low < 0 || high < 0) {
            return false;
        }
        int attributes = (int) (high >>> 8) & ATTRIBUTES;
        long limit = low & 0xffff | high & 0xf_0000;
        if ((attributes & LIMIT_GRANULAR) != 0) {
            limit = limit << 12 | 0xfff;
        }
        long base = low >>> 16 | (high & 0xff) << 16 | high & 0xff00_0000L;
        segment.set(selector, base, limit, attributes);
        return segment.usable();
    }

    /**
     * @return a doubleword by linear address, or -1 if it is not mapped
     */
    private long read(long linear) {
        long value = 0;
        for (int i = 0; i < 4; i++) {
            long gpa = mmu.probe(linear + i & LOW);
            if (gpa < 0) {
                return -1;
            }
            value |= vcpu.memory().read(gpa, 1) << 8 * i;
        }
        return value;
    }
}
