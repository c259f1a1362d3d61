package trivium.x86.interp;

import trivium.cpu.TranslationView;

/**
 * Runs hot blocks faster than the interpreter can: the hook on which a translating engine sits. The
 * interpreter stays in charge of events and exceptions and of every instruction that the
 * accelerator leaves to it. Bound to the vCPU's thread.
 */
public interface Accelerator extends TranslationView, AutoCloseable {
    /** What {@link #run} and {@link #resume} answer: go on at {@code Cpu.rip}, however. */
    int GO_ON = 0;

    /**
     * The interpreter executes the instruction at {@code Cpu.rip} (see {@link #one}), then asks
     * {@link #resume}.
     */
    int ONE = 1;

    /** The instruction at {@code Cpu.rip} raises {@link #fault}. */
    int FAULT = 2;

    /** What a hot block was turned into. */
    interface Code {
        /** The block is gone (overwritten, evicted): this must not be entered any more. */
        void drop();
    }

    /** The vCPU's thread begins a run. */
    void enter();

    /** How often a block is interpreted before it is offered to {@link #translate}. */
    int threshold();

    /**
     * A block that is {@link Block#restless} is offered before it is watched or run, to be made one
     * that checks itself ({@link Block#check}); if that cannot be, it is restless no more, and
     * offered again when it is hot.
     *
     * @return null if this block stays with the interpreter
     */
    Code translate(Block block);

    /**
     * Called before each {@link #run} and {@link #resume}: that must not retire more than so many
     * instructions, and answers GO_ON where the next one would; being early is fine, the
     * interpreter does the rest. Over 2^62 there is no limit.
     */
    void limit(long instructions);

    /** Runs from the start of a block; leaves the CPU's state exact. @return what comes next */
    int run(Code code);

    /**
     * The block of the one instruction that {@link #run} or {@link #resume} left, as {@link #keep}
     * was told it before, or null.
     */
    Block one();

    /** The interpreter made this block, which lies in one page, of the instruction left. */
    void keep(Block one);

    /** What {@link #FAULT} is about. */
    GuestException fault();

    /** After the one instruction that the interpreter did: goes on behind it where it can. */
    int resume();

    /** Makes the x87, MMX and SSE part of the state exact; it was kept ({@link Cpu#fpAway}). */
    void fetchFp();

    /** Instructions retired in here. From any thread; may lag but on the vCPU's own. */
    long instructions();

    /** Counters by name. From any thread; may lag. */
    java.util.Map<String, Long> counters();

    /** All cached translations of addresses are stale. */
    void flushed();

    /** The same but for {@link Block#global} pages. */
    void flushedLocal();

    /** Cached translations of addresses for stores to this page of the host are stale. */
    void flushedWrites(long hvaPage);

    /** Cached translations of one linear page are stale. */
    void flushedPage(long linear);

    /** Something waits for the vCPU's thread, which may be in {@link #run}. On any thread. */
    void interrupt();

    /** What {@link #interrupt} announced was seen to. */
    void interruptSeen();

    @Override
    void close();
}
