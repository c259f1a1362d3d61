package trivium.x86.decode;

import java.util.EnumSet;
import java.util.Set;
import trivium.cpu.CpuModel;

/** What a CPU may have beyond the 8086: decides which opcode rows exist and what CPUID says. */
public enum Feature {
    /** Only on the 8086: POP CS, and aliases that later CPUs gave another meaning. */
    ONLY_8086,
    I186,
    I286,
    I386,
    I486,
    CPUID,
    FPU,
    TSC,
    MSR,
    CX8,
    SYSENTER,
    CMOV,
    MMX,
    FXSR,
    SSE,
    SSE2,
    SSE3,
    SSSE3,
    SSE41,
    SSE42,
    POPCNT,
    CX16,
    LONG_MODE,
    SYSCALL,
    LAHF64,
    RDTSCP,
    SMAP;

    /** The features of a CPU model. The set is a fresh copy. */
    public static Set<Feature> of(CpuModel model) {
        return switch (model) {
            case I8086 -> EnumSet.of(ONLY_8086);
            case I80286 -> EnumSet.of(I186, I286, FPU);
            case I386 -> EnumSet.of(I186, I286, I386, FPU);
            case PENTIUM3 -> EnumSet.range(I186, SSE);
            case X86_64 -> EnumSet.range(I186, SMAP);
        };
    }
}
