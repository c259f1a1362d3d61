package trivium.bt;

import trivium.x86.interp.Cpu;

/**
 * The vCPU block: what generated code knows of its vCPU, addressed through GS. Offsets in bytes
 * from the GS base; the TLBs of the interpreter lie before it.
 */
final class Area {
    private static final int BASE = Cpu.ENGINE_AREA;

    /**
     * Sixteen general registers, 64 bits each; those in host registers are stale while code runs.
     */
    static final int REGISTERS = BASE;

    /** 16 bits: status flags as LAHF gives them in the high byte, OF in the low one. */
    static final int FLAGS = BASE + 128;

    /** RFLAGS; its status flags are stale. 64 bits. */
    static final int RFLAGS = BASE + 136;

    /** Where an exit tells what it met: see {@link Exit}. 32 bits. */
    static final int INFO = BASE + 144;

    /** The linear address of a TLB miss, or the target of an indirect jump. 64 bits. */
    static final int ADDRESS = BASE + 152;

    /** Host address of the vCPU's word of pending events. */
    static final int PENDING_POINTER = BASE + 160;

    /** Instructions retired. 64 bits. */
    static final int COUNT = BASE + 176;

    /** A value kept over a second memory access of one instruction. */
    static final int SCRATCH = BASE + 184;

    /** Segment bases and the highest offsets certainly allowed (-1: look closer), 6 of 64 bits. */
    static final int SEGMENT_BASE = BASE + 192, READ_LIMIT = BASE + 240, WRITE_LIMIT = BASE + 288;

    /**
     * Not zero: the guest's x87 and SSE state is in the host's units (or in FP_IMAGE, outside of
     * generated code), and which of them may be used: bits of {@link FpState}. 32 bits.
     */
    static final int FP_LOADED = BASE + 336;

    /** What a {@link FlagSource} of the present flags needs and no register has. 64 bits. */
    static final int FLAG_OPERAND = BASE + 352;

    /** In counted runs, what {@link #COUNT} must not pass. 64 bits. */
    static final int LIMIT = BASE + 344;

    /** Segment selectors, 6 of 32 bits. */
    static final int SELECTOR = BASE + 0x380;

    /** Bit n: generated code loaded segment register n, outside protected mode. 32 bits. */
    static final int LOADED = BASE + 0x398;

    /** Number of the {@link Context} that generated code is in, or -1. 32 bits. */
    static final int CONTEXT = BASE + 0x3a0;

    /** Numbers of the modes for which the EXEC tables hold. 32 bits each. */
    private static final int EXEC_MODES = BASE + 0x3a4;

    /** Host address of the registers that ports share; see {@link trivium.bus.SharedPorts}. */
    static final int PORTS = BASE + 0x3c8;

    /**
     * Whether host code may read the time-stamp counter, and what RDTSCP says beside it (32 bits);
     * it has so much more than the host's clock, which this function tells (64 bits).
     */
    static final int TSC_OFFERED = BASE + 0x3d8,
            TSC_AUX = BASE + 0x3dc,
            TSC_AHEAD = BASE + 0x3e0,
            CLOCK_GETTIME = BASE + 0x3e8;

    /** CR2. 64 bits. */
    static final int CR2 = BASE + 0x3b0;

    /** IP of an instruction that faults, and the error code, which may be of no interest. */
    static final int FAULT_IP = BASE + 0x3b8, FAULT_ERROR = BASE + 0x3c0;

    /** The base that SWAPGS would give GS. 64 bits. */
    static final int KERNEL_GS = BASE + 0x3d0;

    /**
     * The guest's x87 and SSE state, as FXSAVE64 lays it out, while it is not loaded. 512 bytes.
     */
    static final int FP_IMAGE = BASE + 0x400;

    /** The host's own MXCSR: 32 bits. */
    static final int HOST_MXCSR = BASE + 0x604;

    /**
     * The x87 pointers while the state is loaded: FIP, FDP (64 bits), FOP and the selector of FDP's
     * segment (32 bits; -1: not changed since loading), FIP's selector; two slots for the present
     * block's FDP.
     */
    static final int FP_FIP = BASE + 0x608,
            FP_FDP = BASE + 0x610,
            FP_FOP = BASE + 0x618,
            FP_FDS = BASE + 0x61c,
            FP_FCS = BASE + 0x634,
            FP_SLOTS = BASE + 0x620;

    /**
     * While nothing is loaded: which units generated code may use if it loads FP_IMAGE. 32 bits.
     */
    static final int FP_HELD = BASE + 0x630;

    /**
     * By linear page modulo ENTRIES, a table for each TLB: the cookie of the page's present
     * translation, or 0.
     */
    static final int EXEC = BASE + 0x1000;

    static final int EXEC_TABLES = 3, EXEC_ENTRIES = 4096, EXEC_BYTES = 4 * EXEC_ENTRIES;

    /**
     * Targets of indirect jumps: IP, host address, cookie, where in an EXEC table it must stand. Of
     * two that want one entry, the older is moved to its neighbour.
     */
    static final int JUMPS = EXEC + EXEC_TABLES * EXEC_BYTES;

    private static final int JUMP_BITS = 15, JUMP_SHIFT = 5;
    static final int JUMP_ENTRIES = 1 << JUMP_BITS, JUMP_BYTES = 1 << JUMP_SHIFT;

    /** An IP's entry: its low half times the factor, shifted right and masked, is its offset. */
    static final int JUMP_FACTOR = 0x9e37_79b1,
            JUMP_HASH_SHIFT = 32 - JUMP_BITS - JUMP_SHIFT,
            JUMP_HASH_MASK = JUMP_ENTRIES - 1 << JUMP_SHIFT;

    static final int JUMP_IP = JUMPS,
            JUMP_HOST = JUMPS + 8,
            JUMP_COOKIE = JUMPS + 16,
            JUMP_EXEC = JUMPS + 20;

    /** Counts down to the next sample of what runs often. 32 bits. */
    static final int HEAT = BASE + 0x640;

    /**
     * The entries of {@link InlineTlb}, 32 bytes each; by entry, 32 bits: how often it may still be
     * filled; and 32 bits: whether any was filled since they were emptied.
     */
    static final int INLINE = JUMPS + JUMP_ENTRIES * JUMP_BYTES,
            INLINE_FILLS = INLINE + 32 * InlineTlb.ENTRIES,
            INLINE_FILLED = INLINE_FILLS + 4 * InlineTlb.ENTRIES;

    static final int BYTES = INLINE_FILLED + 4 - BASE;

    private Area() {}

    static int execMode(Mode mode) {
        return EXEC_MODES + 4 * mode.table();
    }

    /** Offset of the entry for an IP, from the first one. */
    static int jumpEntry(long ip) {
        return (int) ip * JUMP_FACTOR >>> JUMP_HASH_SHIFT & JUMP_HASH_MASK;
    }

    static int register(int n) {
        return REGISTERS + 8 * n;
    }
}
