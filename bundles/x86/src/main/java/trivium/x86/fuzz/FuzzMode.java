package trivium.x86.fuzz;

/** Where a random program runs: code size, privilege, paging, and the kind of its handlers. */
enum FuzzMode {
    // spotless:off
    REAL16(16, 16, false, false),
    PROTECTED16(16, 32, false, false),
    VIRTUAL8086(16, 32, true, true),
    PROTECTED32(32, 32, false, false),
    PAGED32(32, 32, true, false),
    USER32(32, 32, true, true),
    LONG64(64, 64, true, false),
    USER64(64, 64, true, true),
    COMPATIBILITY32(32, 64, true, true);
    // spotless:on

    final int codeBits, handlerBits;
    final boolean paging, user;

    FuzzMode(int codeBits, int handlerBits, boolean paging, boolean user) {
        this.codeBits = codeBits;
        this.handlerBits = handlerBits;
        this.paging = paging;
        this.user = user;
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
