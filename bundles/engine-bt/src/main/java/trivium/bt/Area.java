package trivium.bt;

import trivium.mmu.LinearWindow;
import trivium.x86.interp.Cpu;

/**
 * The vCPU block: what generated code knows of its vCPU, addressed through GS. Offsets in bytes
 * from the area's start, where the TLBs of the interpreter lie.
 */
final class Area {
    /** Where the GS base points: to the window, if there is one. */
    static final int GS_BASE = LinearWindow.ROOM_BYTES;

    static final int EXEC_TABLES = 3, EXEC_ENTRIES = 4096, EXEC_BYTES = 4 * EXEC_ENTRIES;
    private static final int JUMP_BITS = 15, JUMP_SHIFT = 5, PAGE_BYTES = 4096;
    static final int JUMP_ENTRIES = 1 << JUMP_BITS, JUMP_BYTES = 1 << JUMP_SHIFT;

    /** Behind the last field so far. */
    private static int end = Cpu.ENGINE_AREA;

    /**
     * Sixteen general registers, 64 bits each; those in host registers are stale while code runs.
     */
    static final int REGISTERS = fields(16, 8);

    /** 16 bits: status flags as LAHF gives them in the high byte, OF in the low one. */
    static final int FLAGS = fields(1, 2);

    /** RFLAGS; its status flags are stale. 64 bits. */
    static final int RFLAGS = fields(1, 8);

    /** Where an exit tells what it met: see {@link Exit}. 32 bits. */
    static final int INFO = fields(1, 4);

    /** The linear address of a TLB miss, or the target of an indirect jump. 64 bits. */
    static final int ADDRESS = fields(1, 8);

    /** Host address of the vCPU's word of pending events. 64 bits. */
    static final int PENDING_POINTER = fields(1, 8);

    /** Instructions retired. 64 bits. */
    static final int COUNT = fields(1, 8);

    /** A value kept over a second memory access of one instruction. 64 bits. */
    static final int SCRATCH = fields(1, 8);

    /** Segment bases and the highest offsets certainly allowed (-1: look closer), 6 of 64 bits. */
    static final int SEGMENT_BASE = fields(6, 8),
            READ_LIMIT = fields(6, 8),
            WRITE_LIMIT = fields(6, 8);

    /**
     * Not zero: the guest's x87 and SSE state is in the host's units (or in FP_IMAGE, outside of
     * generated code), and which of them may be used: bits of {@link FpState}. 32 bits.
     */
    static final int FP_LOADED = fields(1, 4);

    /** What a {@link FlagSource} of the present flags needs and no register has. 64 bits. */
    static final int FLAG_OPERAND = fields(1, 8);

    /** In counted runs, what {@link #COUNT} must not pass. 64 bits. */
    static final int LIMIT = fields(1, 8);

    /** Segment selectors, 6 of 32 bits. */
    static final int SELECTOR = fields(6, 4);

    /**
     * Bit n: generated code loaded segment register n (32 bits); in protected mode, the number of
     * what it loaded (6 of 32 bits).
     */
    static final int LOADED = fields(1, 4), LOADED_NUMBER = fields(6, 4);

    /** Number of the {@link Context} that generated code is in, or -1. 32 bits. */
    static final int CONTEXT = fields(1, 4);

    /** Numbers of the modes for which the EXEC tables hold. 32 bits each. */
    private static final int EXEC_MODES = fields(EXEC_TABLES, 4);

    /** Host address of the registers that ports share; see {@link trivium.bus.SharedPorts}. */
    static final int PORTS = fields(1, 8);

    /**
     * Whether host code may read the time-stamp counter, and what RDTSCP says beside it (32 bits);
     * it has so much more than the host's clock, which this function tells (64 bits).
     */
    static final int TSC_OFFERED = fields(1, 4),
            TSC_AUX = fields(1, 4),
            TSC_AHEAD = fields(1, 8),
            CLOCK_GETTIME = fields(1, 8);

    /** CR2. 64 bits. */
    static final int CR2 = fields(1, 8);

    /** IP of an instruction that faults, and the error code, which may be of no interest. */
    static final int FAULT_IP = fields(1, 8), FAULT_ERROR = fields(1, 4);

    /** The base that SWAPGS would give GS. 64 bits. */
    static final int KERNEL_GS = fields(1, 8);

    /**
     * The guest's x87 and SSE state, as FXSAVE64 lays it out, while it is not loaded. 512 bytes.
     */
    static final int FP_IMAGE = fields(512 / 16, 16);

    /** The host's own MXCSR: 32 bits. */
    static final int HOST_MXCSR = fields(1, 4);

    /**
     * The x87 pointers while the state is loaded: FIP, FDP (64 bits), FOP and the selector of FDP's
     * segment (32 bits; -1: not changed since loading), FIP's selector; two slots for the present
     * block's FDP.
     */
    static final int FP_FIP = fields(1, 8),
            FP_FDP = fields(1, 8),
            FP_FOP = fields(1, 4),
            FP_FDS = fields(1, 4),
            FP_FCS = fields(1, 4),
            FP_SLOTS = fields(2, 8);

    /**
     * While nothing is loaded: which units generated code may use if it loads FP_IMAGE. 32 bits.
     */
    static final int FP_HELD = fields(1, 4);

    /** Counts down to the next sample of what runs often. 32 bits. */
    static final int HEAT = fields(1, 4);

    /**
     * By linear page modulo ENTRIES, a table for each TLB: the cookie of the page's present
     * translation, or 0.
     */
    static final int EXEC = fields(EXEC_TABLES * EXEC_BYTES / PAGE_BYTES, PAGE_BYTES);

    /**
     * What translated code filled of the EXEC tables, with pages that are dropped with the local
     * ones: how many entries, and their numbers. 32 bits each. If there is no more room it leaves
     * filling to us.
     */
    static final int EXEC_FILLED = fields(EXEC_TABLES, 4),
            MOST_EXEC_FILLED = 1024,
            EXEC_FILLED_LIST = fields(EXEC_TABLES * MOST_EXEC_FILLED, 4);

    /**
     * What cookies stand for, by cookie: host address of entries of 16 bytes, and how many there
     * are (32 bits). An entry has the guest-physical address of the page (64 bits), and the number
     * of the mode (32 bits).
     */
    static final int COOKIES = fields(1, 8), COOKIE_COUNT = fields(1, 4), COOKIE_BYTES = 16;

    /**
     * Targets of indirect jumps: IP, host address, cookie, where in an EXEC table it must stand. Of
     * those that want one entry the newest has it; the older ones are in its neighbours, {@link
     * #JUMP_NEIGHBOURS}, in this order.
     */
    static final int JUMPS = fields(JUMP_ENTRIES, JUMP_BYTES);

    /** An IP's entry: its low half times the factor, shifted right and masked, is its offset. */
    static final int JUMP_FACTOR = 0x9e37_79b1,
            JUMP_HASH_SHIFT = 32 - JUMP_BITS - JUMP_SHIFT,
            JUMP_HASH_MASK = JUMP_ENTRIES - 1 << JUMP_SHIFT;

    static final int JUMP_IP = JUMPS,
            JUMP_HOST = JUMPS + 8,
            JUMP_COOKIE = JUMPS + 16,
            JUMP_EXEC = JUMPS + 20;

    /**
     * The entries of {@link InlineTlb}, 32 bytes each; by entry, 32 bits: how often it may still be
     * filled; and 32 bits: whether any was filled since they were emptied.
     */
    static final int INLINE = fields(InlineTlb.ENTRIES, 32),
            INLINE_FILLS = fields(InlineTlb.ENTRIES, 4),
            INLINE_FILLED = fields(1, 4);

    /** How many bytes of {@link #INLINE} are in use. 32 bits. */
    static final int INLINE_USED = fields(1, 4);

    /**
     * For {@link PageWalks}: how the guest's tables are walked, which is known to host code only
     * while nothing has changed (32 bits); host addresses of {@link trivium.mmu.SharedMappings} and
     * of the tables in {@link trivium.memory.SharedPages}; the address in CR3; the PDPTEs; bits
     * that no entry may have; and, if user pages are closed to the supervisor, not 0 (32 bits); the
     * bit of entries of global pages, if there are any, and whether there are large pages (32 bits
     * each).
     */
    static final int PAGING = fields(1, 4),
            MAPPINGS = fields(1, 8),
            READABLE_PAGES = fields(1, 8),
            WRITABLE_PAGES = fields(1, 8),
            CR3 = fields(1, 8),
            PDPTES = fields(4, 8),
            RESERVED = fields(1, 8),
            SMAP = fields(1, 4),
            GLOBAL_PAGES = fields(1, 4),
            LARGE_PAGES = fields(1, 4);

    /**
     * A fault in the window: which host instruction, and at which host address; all host registers,
     * and RFLAGS; where host code goes on with them. 64 bits each.
     */
    static final int WINDOW_IP = fields(2, 8),
            WINDOW_ADDRESS = WINDOW_IP + 8,
            WINDOW_REGISTERS = fields(16, 8),
            WINDOW_RFLAGS = fields(1, 8),
            WINDOW_TARGET = fields(1, 8);

    /** Whether any page is open in the window. 32 bits. */
    static final int WINDOW_OPEN = fields(1, 4);

    static final int BYTES = end - Cpu.ENGINE_AREA;

    private Area() {}

    /**
     * @return the offset of so many, one behind the other, each aligned to its size
     */
    private static int fields(int count, int bytes) {
        int at = end + bytes - 1 & -bytes;
        end = at + count * bytes;
        return at;
    }

    static int execMode(Mode mode) {
        return execMode(mode.table());
    }

    static int execMode(int table) {
        return EXEC_MODES + 4 * table;
    }

    /** Offset of the entry for an IP, from the first one. */
    static int jumpEntry(long ip) {
        return (int) ip * JUMP_FACTOR >>> JUMP_HASH_SHIFT & JUMP_HASH_MASK;
    }

    /** What the offset of an entry is to be XORed with one after the other. */
    static final int[] JUMP_NEIGHBOURS = {JUMP_BYTES, 3 * JUMP_BYTES, JUMP_BYTES};

    static int register(int n) {
        return REGISTERS + 8 * n;
    }
}
