package trivium.x86.fuzz;

/**
 * The physical memory of a fuzz board; linear addresses are the same but in the window, whose pages
 * are mapped at random, and above the ROM.
 */
final class Layout {
    static final int GDT = 0x1000, TSS = 0x1800, IDT = 0x2000, STUBS = 0x3000, COMMON = 0x4000;

    /** Where handlers collect what they see, and the counters of program and handlers. */
    static final int SEEN = 0x5000, COUNTER = 0x5800, VECTOR = 0x5808, INTERRUPTS = 0x5810;

    /** Counters of the program's inner loops. */
    static final int LOOPS = 0x5900;

    static final int STACK0 = 0x6ff0, STACK16 = 0x7ff0, TABLES = 0x8000;
    static final int CODE = 0x10000, STACK = 0x16000, WINDOW = 0x18000, WINDOW_END = 0x20000;

    /** Linear pages with paging: aliases of code and data, and nothing. */
    static final int CODE_ALIAS = 0x33000, DATA_ALIAS = 0x34000, ABSENT = 0x35000;

    // With system code: its handlers, the other address space, another page for code's second one.
    static final int SYSTEM_HANDLERS = 0x4800, SYSTEM_HANDLER_BYTES = 0x80;
    static final int OTHER_TABLES = 0x4000, OTHER_CODE = 0x24000;
    static final int FIRST_SERVICE = 0x41, SERVICES = 6;
    static final int STUB_BYTES = 16, FINISH_VECTOR = 0x31;

    // Selectors, and the ring 3 ones with their RPL.
    static final int CODE32 = 0x08, DATA = 0x10, USER_CODE = 0x1b, USER_DATA = 0x23;
    static final int CODE16 = 0x28, DATA16 = 0x30, STACK16_SELECTOR = 0x38, DEVICE16 = 0x40;
    static final int CODE64 = 0x48, USER_CODE64 = 0x53, TSS_SELECTOR = 0x58, ALIAS16 = 0x68;
    static final int SHIFTED = 0x70, USER_SHIFTED = 0x7b;

    // What SYSCALL and SYSENTER begin to count from.
    static final int SYSCALL_KERNEL = 0x80, SYSCALL_USER = 0x90, SYSENTER_KERNEL = 0xa8;

    /** The base of DS in 16-bit code, and of the shifted 32-bit segments. */
    static final int DATA16_BASE = WINDOW, DEVICE16_BASE = 0x2ff00, SHIFTED_BASE = 0x130;

    private Layout() {}
}
