package trivium.x86.conformance;

import trivium.cpu.CpuModel;

/**
 * A paging mode with the size of its pages (SDM Vol. 3A "Paging"), and which bits are reserved
 * there. The PDPTEs of PAE paging are registers and no level here.
 */
enum Layout {
    // spotless:off
    BITS32(CpuModel.X86_64, 4, 22, 12),
    PSE_4M(CpuModel.X86_64, 4, 22),
    /** With 36 bits of physical address, so that some of those of PSE-36 are reserved. */
    PSE36_4M(CpuModel.PENTIUM3, 4, 22),
    PAE_4K(CpuModel.X86_64, 8, 21, 12),
    PAE_2M(CpuModel.X86_64, 8, 21),
    LONG_4K(CpuModel.X86_64, 8, 39, 30, 21, 12),
    LONG_2M(CpuModel.X86_64, 8, 39, 30, 21);
    // spotless:on

    static final long P = 1, RW = 1 << 1, US = 1 << 2, A = 1 << 5, D = 1 << 6, PS = 1 << 7;
    static final long G = 1 << 8, NX = 1L << 63;
    static final long ALL = P | RW | US;

    final CpuModel model;
    final int entryBytes;

    /** Of each level, from the top, where its part of the linear address begins. */
    final int[] shifts;

    Layout(CpuModel model, int entryBytes, int... shifts) {
        this.model = model;
        this.entryBytes = entryBytes;
        this.shifts = shifts;
    }

    int leaf() {
        return shifts.length - 1;
    }

    boolean large() {
        return shifts[leaf()] != 12;
    }

    /** Whether entries have 64 bits: PAE and long mode. */
    boolean wide() {
        return entryBytes == 8;
    }

    boolean pae() {
        return this == PAE_4K || this == PAE_2M;
    }

    boolean longMode() {
        return this == LONG_4K || this == LONG_2M;
    }

    long pageBytes() {
        return 1L << shifts[leaf()];
    }

    /** The bits of a leaf beside its address that make it one. */
    long leafBits() {
        return large() ? PS : 0;
    }

    int index(long linear, int level) {
        return (int) (linear >>> shifts[level]) & 4096 / entryBytes - 1;
    }

    /** Linear addresses that are worth a look: both ends and both halves. */
    long[] places() {
        return longMode()
                ? new long[] {
                    0, 0x7fff_ffff_f000L, 0xffff_8000_0000_0000L, -4096, 0x1234_5678_9000L
                }
                : new long[] {0, 0x40_0000, 0x7fff_f000, 0x8000_0000L, 0xffff_f000L, 0x1234_5000};
    }

    /** The bits that must be zero in an entry, NX aside. */
    long reserved(int level) {
        boolean leaf = level == leaf();
        return switch (this) {
            case BITS32 -> 0;
            case PSE_4M -> 1L << 21;
            case PSE36_4M -> 1L << 21 | 0xfL << 17;
            case PAE_4K -> 0x7fff_ff00_0000_0000L;
            case PAE_2M -> 0x7fff_ff00_001f_e000L;
            case LONG_4K, LONG_2M ->
                    0x000f_ff00_0000_0000L
                            | (shifts[level] > 21 ? PS : 0)
                            | (leaf && large() ? 0x001f_e000L : 0);
        };
    }
}
