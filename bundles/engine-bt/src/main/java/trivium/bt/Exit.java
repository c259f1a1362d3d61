package trivium.bt;

/**
 * Why generated code went back to Java, as it stands in {@link Area#INFO}: the kind in bits 28 to
 * 31, the translation's number in bits 8 to 27, the index of an instruction or of a jump in bits 0
 * to 7.
 */
final class Exit {
    /** The TLB has no entry for a load, or for a store, of instruction n. */
    static final int TLB_READ = 0, TLB_WRITE = 1;

    /** Instruction n is for the interpreter. */
    static final int ONE = 2;

    /** Jump n is not linked yet. */
    static final int LINK = 3;

    /** The translation was about to be entered, but an event is pending. */
    static final int EVENT = 4;

    /**
     * The translation was entered but is stale, or its second page is another now, or its
     * instructions are more than the run has left.
     */
    static final int ENTRY = 5;

    /** Instruction n wants x87 or SSE state loaded. */
    static final int FP = 6;

    /** Something is pending in the middle of instruction n, which can go on later. */
    static final int INSIDE = 7;

    /** The accesses of instruction n's group are not all in one page that the TLB has. */
    static final int PLAIN = 8;

    /** An interrupt or return is done but for the way to the IP in {@link Area#ADDRESS}. */
    static final int TRANSITION = 9;

    /** The instruction at {@link Area#FAULT_IP} faults, and the interpreter has to see to that. */
    static final int FAULT = 10;

    /** Instruction n is INVLPG of the linear address in {@link Area#ADDRESS}. */
    static final int INVLPG = 11;

    /** Instruction n is one of {@link Devices}; of a port, if any, in {@link Area#ADDRESS}. */
    static final int DEVICE = 12;

    /** The entry of {@link InlineTlb} for instruction n was filled often. */
    static final int INLINE = 13;

    /** The translation was about to be entered, and is the sample taken of what runs often. */
    static final int HEAT = 14;

    /** An access faulted in the window: see {@link Area#WINDOW_IP}. */
    static final int WINDOW = 15;

    /** By kind, for people: see {@link trivium.cpu.VcpuRunner#counters}. */
    private static final String[] NAMES = {
        "tlb-read",
        "tlb-write",
        "interpret",
        "link",
        "event",
        "stale",
        "fp",
        "event-inside",
        "plain",
        "transition",
        "fault",
        "invlpg",
        "device",
        "inline-tlb",
        "sample",
        "window"
    };

    static final int KINDS = NAMES.length;

    static final int MAX_TRANSLATIONS = 1 << 20;

    private Exit() {}

    static int info(int kind, int translation, int index) {
        return kind << 28 | translation << 8 | index;
    }

    static int kind(int info) {
        return info >>> 28;
    }

    static String name(int kind) {
        return NAMES[kind];
    }

    static int translation(int info) {
        return info >>> 8 & MAX_TRANSLATIONS - 1;
    }

    static int index(int info) {
        return info & 0xff;
    }
}
