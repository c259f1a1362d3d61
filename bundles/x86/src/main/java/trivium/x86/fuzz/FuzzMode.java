package trivium.x86.fuzz;

import trivium.cpu.CpuModel;

/** Where a random program runs: code size, privilege, paging, and the kind of its handlers. */
enum FuzzMode {
    // spotless:off
    REAL16(16, 16, false, false, CpuModel.I386),
    PROTECTED16(16, 32, false, false, CpuModel.I386),
    VIRTUAL8086(16, 32, true, true, CpuModel.I386),
    PROTECTED32(32, 32, false, false, CpuModel.I386),
    PAGED32(32, 32, true, false, CpuModel.I386),
    USER32(32, 32, true, true, CpuModel.I386),
    LONG64(64, 64, true, false, CpuModel.X86_64),
    USER64(64, 64, true, true, CpuModel.X86_64),
    COMPATIBILITY32(32, 64, true, true, CpuModel.X86_64);
    // spotless:on

    final int codeBits, handlerBits;
    final boolean paging, user;
    final CpuModel atLeast;

    FuzzMode(int codeBits, int handlerBits, boolean paging, boolean user, CpuModel atLeast) {
        this.codeBits = codeBits;
        this.handlerBits = handlerBits;
        this.paging = paging;
        this.user = user;
        this.atLeast = atLeast;
    }

    /** Offset of the first code page in the code segment. */
    long codeOffset() {
        return codeBits == 16 ? 0 : Layout.CODE;
    }

    /** The code segment's base. */
    long codeBase() {
        return codeBits == 16 ? Layout.CODE : 0;
    }

    boolean longMode() {
        return handlerBits == 64;
    }
}
