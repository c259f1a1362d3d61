package trivium.vt;

import java.util.Arrays;
import java.util.Random;
import trivium.cpu.CpuModel;
import trivium.cpu.Segment;
import trivium.cpu.VcpuState;
import trivium.x86.Reset;

/** Legal states: what a guest can bring a CPU into, in real, protected and 64-bit mode. */
final class RandomState {
    private static final int DATA = 0xc093, CODE_32 = 0xc09b, CODE_64 = 0xa09b;
    private static final int TSS = 0x8b, LDT = 0x82, DPL_3 = 3 << Segment.DPL_SHIFT;
    private static final long STATUS_AND_CONTROL = 0x24_4cd5; // CF to OF, DF, NT, AC, ID, no TF
    private final Random random;

    RandomState(long seed) {
        random = new Random(seed);
    }

    void fill(VcpuState s) {
        Reset.powerOn(s, CpuModel.X86_64);
        for (int i = 0; i < 16; i++) {
            s.gpr[i] = random.nextLong();
        }
        s.rflags = 2 | random.nextLong() & STATUS_AND_CONTROL | (long) random.nextInt(4) << 12;
        if (random.nextBoolean()) {
            s.rflags |= 1 << 9;
        }
        switch (random.nextInt(3)) {
            case 0 -> realMode(s);
            case 1 -> protectedMode(s);
            default -> longMode(s);
        }
        s.gdtrBase = address(s);
        s.gdtrLimit = random.nextInt(0x10000);
        s.idtrBase = address(s);
        s.idtrLimit = random.nextInt(0x10000);
        s.cr2 = address(s);
        msrs(s);
        debug(s);
        fpu(s);
        s.interruptShadow = random.nextInt(3);
        s.nmiBlocked = random.nextBoolean();
    }

    /** A linear address as the mode has them. */
    private long address(VcpuState s) {
        return s.efer == 0 ? random.nextInt() & 0xffff_ffffL : canonical();
    }

    private long canonical() {
        return random.nextLong() << 16 >> 16;
    }

    private void realMode(VcpuState s) {
        s.rip = random.nextInt(0x10000);
        for (int i = 0; i < 6; i++) {
            int selector = random.nextInt(0x10000);
            s.segments[i].set(
                    selector, (long) selector << 4, 0xffff, i == VcpuState.CS ? 0x9b : 0x93);
        }
    }

    private void protectedMode(VcpuState s) {
        s.cr0 = 0x11 | random.nextLong() & 0x2e;
        s.cr4 = random.nextLong() & 0x68f;
        s.rip = random.nextInt() & 0xffff_ffffL;
        int dpl = random.nextBoolean() ? DPL_3 : 0;
        flat(s, CODE_32 | dpl, dpl);
        s.segments[VcpuState.SS].set(dpl >>> 5 | 0x10, 0, 0xffff_ffffL, DATA | dpl);
        for (Segment segment : s.segments) {
            if (segment != s.segments[VcpuState.CS]) {
                segment.base = random.nextInt() & 0xffff_ffffL;
            }
        }
        descriptorTables(s);
    }

    private void longMode(VcpuState s) {
        s.cr0 = 0x8000_0011L | random.nextLong() & 0x1_002e;
        s.cr3 = random.nextLong() & 0xff_ffff_f000L;
        s.cr4 = 0x620 | random.nextLong() & 0x8f;
        s.efer = 0x500 | random.nextLong() & 0x801;
        s.rip = canonical();
        int dpl = random.nextBoolean() ? DPL_3 : 0;
        flat(s, CODE_64 | dpl, dpl);
        s.segments[VcpuState.FS].base = canonical();
        s.segments[VcpuState.GS].base = canonical();
        if (dpl == 0 && random.nextBoolean()) {
            s.segments[VcpuState.SS].set(0, 0, 0, 0);
        }
        descriptorTables(s);
    }

    private void flat(VcpuState s, int code, int dpl) {
        for (int i = 0; i < 6; i++) {
            if (i == VcpuState.CS) {
                s.segments[i].set(8 | dpl >>> 5, 0, 0xffff_ffffL, code);
            } else if (i == VcpuState.SS || random.nextInt(4) > 0) {
                s.segments[i].set(0x10 | dpl >>> 5, 0, 0xffff_ffffL, DATA | dpl);
            } else {
                s.segments[i].set(0, 0, 0, 0);
            }
        }
    }

    private void descriptorTables(VcpuState s) {
        s.tr.set(0x28, address(s), 0x67 + random.nextInt(0x1000), TSS);
        if (random.nextBoolean()) {
            s.ldtr.set(0x30, address(s), random.nextInt(0x10000), LDT);
        } else {
            s.ldtr.set(0, 0, 0, 0);
        }
    }

    private void msrs(VcpuState s) {
        s.star = random.nextLong();
        s.lstar = canonical();
        s.cstar = canonical();
        s.sfmask = random.nextInt() & 0xffff_ffffL;
        s.kernelGsBase = canonical();
        s.sysenterCs = random.nextInt() & 0xffff_ffffL;
        s.sysenterEsp = canonical();
        s.sysenterEip = canonical();
        s.pat = 0x0105_0406_0007_0406L;
        s.tscOffset = random.nextLong();
        Arrays.setAll(s.mtrrVariable, _ -> random.nextLong());
        s.miscEnable = random.nextLong();
    }

    private void debug(VcpuState s) {
        for (int i = 0; i < 4; i++) {
            s.dr[i] = address(s);
        }
        s.dr[6] = 0xffff_0ff0L | random.nextInt() & 0xe00f;
        s.dr[7] = 0x400 | random.nextInt() & 0xffff_03ffL & ~0xfcL;
    }

    private void fpu(VcpuState s) {
        s.fcw = 0x40 | random.nextInt() & 0xf3f;
        s.fsw = random.nextInt() & 0xff7f;
        s.ftw = random.nextInt() & 0xff;
        s.fop = random.nextInt() & 0x7ff;
        s.fip = canonical();
        s.fdp = canonical();
        for (int i = 0; i < 8; i++) {
            s.fpMantissa[i] = random.nextLong();
            s.fpSignExponent[i] = random.nextInt() & 0xffff;
        }
        for (int i = 0; i < 32; i++) {
            s.xmm[i] = random.nextLong();
        }
        s.mxcsr = random.nextInt() & 0xffff;
    }
}
