package trivium.x86.interp;

import static trivium.cpu.VcpuState.RAX;
import static trivium.cpu.VcpuState.RBX;
import static trivium.cpu.VcpuState.RCX;
import static trivium.cpu.VcpuState.RDX;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import trivium.cpu.CpuModel;
import trivium.cpu.LocalApic;
import trivium.x86.PageWalker;
import trivium.x86.Reset;

/**
 * What CPUID says (SDM Vol. 2A "CPUID"): a property of the CPU model and the vCPU's APIC, never of
 * the host. Announces what is implemented and nothing else.
 */
public final class Cpuid {
    private static final int EXTENDED = 0x8000_0000;

    // Leaf 1 EDX.
    private static final int FPU = 1,
            VME = 1 << 1,
            DE = 1 << 2,
            PSE = 1 << 3,
            TSC = 1 << 4,
            MSR = 1 << 5,
            PAE = 1 << 6,
            CX8 = 1 << 8,
            APIC = 1 << 9,
            SEP = 1 << 11,
            MTRR = 1 << 12,
            PGE = 1 << 13,
            CMOV = 1 << 15,
            PAT = 1 << 16,
            PSE36 = 1 << 17,
            CLFSH = 1 << 19,
            MMX = 1 << 23,
            FXSR = 1 << 24,
            SSE = 1 << 25,
            SSE2 = 1 << 26;
    private static final int EDX_P3 =
            FPU | VME | DE | PSE | TSC | MSR | PAE | CX8 | APIC | SEP | MTRR | PGE | CMOV | PAT
                    | PSE36 | MMX | FXSR | SSE;
    private static final int EDX_64 = EDX_P3 | CLFSH | SSE2;

    /** SSE3, SSSE3, CMPXCHG16B, SSE4.1, SSE4.2, POPCNT. */
    private static final int ECX_64 = 1 | 1 << 9 | 1 << 13 | 1 << 19 | 1 << 20 | 1 << 23;

    /** Leaf 7: EBX SMEP, SMAP; ECX UMIP; EDX ARCH_CAPABILITIES. */
    private static final int EBX_7 = 1 << 7 | 1 << 20, ECX_7 = 1 << 2, EDX_7 = 1 << 29;

    /** 80000001: ECX LAHF64; EDX SYSCALL, NX, RDTSCP, LM. */
    private static final int ECX_EXT = 1, EDX_EXT = 1 << 11 | 1 << 20 | 1 << 27 | 1 << 29;

    private static final int CLFLUSH_64_BYTES = 8 << 8;
    private static final String VENDOR = "GenuineIntel", BRAND = "Trivium x86-64 CPU";

    private final CpuModel model;
    private boolean mode64, apicEnabled;
    private int apicId;

    /** The answer to the last {@link #answer}. */
    public int eax, ebx, ecx, edx;

    public Cpuid(CpuModel model) {
        this.model = model;
    }

    /** The instruction. */
    void execute(Cpu c) {
        answer(c, (int) c.r[RAX], (int) c.r[RCX]);
        c.set32(RAX, eax);
        c.set32(RBX, ebx);
        c.set32(RCX, ecx);
        c.set32(RDX, edx);
    }

    /** Works a leaf out for a CPU as it is now. */
    public void answer(Cpu c, int leaf, int subleaf) {
        LocalApic apic = c.vcpu.apic();
        boolean enabled = apic != LocalApic.NONE && (c.s.apicBase & 1 << 11) != 0;
        answer(leaf, subleaf, c.mode64, enabled, apic.id());
    }

    /**
     * Works a leaf out.
     *
     * @param mode64 whether the CPU is in 64-bit mode
     * @param apicEnabled whether it has a local APIC that is enabled now
     */
    public void answer(int leaf, int subleaf, boolean mode64, boolean apicEnabled, int apicId) {
        this.mode64 = mode64;
        this.apicEnabled = apicEnabled;
        this.apicId = apicId;
        set(0, 0, 0, 0);
        if (model == CpuModel.X86_64) {
            x64(leaf, subleaf);
        } else {
            pentium3(leaf);
        }
    }

    private void set(int a, int b, int cx, int d) {
        eax = a;
        ebx = b;
        ecx = cx;
        edx = d;
    }

    /** A leaf beyond the highest answers like the highest basic one. */
    private void pentium3(int leaf) {
        switch (leaf) {
            case 0 -> vendor(2);
            case 1 -> features(0, 0, EDX_P3);
            // 32-KiB caches of 32-byte lines, 256-KiB L2, TLBs: as a Coppermine.
            default -> set(0x0302_0101, 0, 0, 0x0c04_0882);
        }
    }

    private void x64(int leaf, int subleaf) {
        switch (leaf) {
            case 0 -> vendor(7);
            case 1 -> features(CLFLUSH_64_BYTES, ECX_64, EDX_64);
            case 2 -> set(0x5503_5a01, 0x00f0_b2e4, 0, 0x0921_2c2c);
            case 4 -> caches(subleaf);
            case 7 -> {
                if (subleaf == 0) {
                    set(0, EBX_7, ECX_7, EDX_7);
                }
            }
            case EXTENDED -> set(EXTENDED + 8, 0, 0, 0);
            case EXTENDED + 1 -> set(0, 0, ECX_EXT, mode64 ? EDX_EXT : EDX_EXT & ~(1 << 11));
            case EXTENDED + 2, EXTENDED + 3, EXTENDED + 4 -> brand(leaf - EXTENDED - 2);
            case EXTENDED + 6 -> set(0, 0, 256 << 16 | 6 << 12 | 64, 0);
            // A steady time-stamp counter.
            case EXTENDED + 7 -> set(0, 0, 0, 1 << 8);
            case EXTENDED + 8 -> set(PageWalker.physicalBits(model) | 48 << 8, 0, 0, 0);
            default -> {}
        }
    }

    private void vendor(int highest) {
        ByteBuffer text = text(VENDOR, 12);
        set(highest, text.getInt(0), text.getInt(8), text.getInt(4));
    }

    private void features(int ebxLow, int ecxBits, int edxBits) {
        set(
                Reset.signature(model),
                apicId << 24 | 1 << 16 | ebxLow,
                ecxBits,
                apicEnabled ? edxBits | APIC : edxBits & ~APIC);
    }

    /** Deterministic cache parameters: 32-KiB L1 pair, 256-KiB L2, per core. */
    private void caches(int subleaf) {
        int lines = 64 - 1;
        switch (subleaf) {
            case 0 -> set(1 | 1 << 5 | 1 << 8, 7 << 22 | lines, 63, 0);
            case 1 -> set(2 | 1 << 5 | 1 << 8, 7 << 22 | lines, 63, 0);
            case 2 -> set(3 | 2 << 5 | 1 << 8, 7 << 22 | lines, 511, 0);
            default -> {}
        }
    }

    private void brand(int part) {
        ByteBuffer text = text(BRAND, 48);
        int at = 16 * part;
        set(text.getInt(at), text.getInt(at + 4), text.getInt(at + 8), text.getInt(at + 12));
    }

    private static ByteBuffer text(String text, int length) {
        ByteBuffer bytes = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.put(0, text.getBytes(StandardCharsets.US_ASCII));
        return bytes;
    }
}
