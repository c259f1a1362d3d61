package trivium.bt;

/**
 * A direct jump out of a translation. Its hot jump leads to the target's translation for flags that
 * are computable as they stand; else to a stub that puts the flags into memory, whose cold jump
 * leads to the target's translation for flags in memory. Offsets are those in the translation.
 */
final class Site {
    final int index;

    /** IP of the target. */
    final long target;

    /** Whether the target must look for events. */
    final boolean poll;

    /** How the target may compute the flags, or null: they are in memory. */
    final FlagSource source;

    /** Where the displacements of the two jumps are, and where they lead while unlinked. */
    int hot, cold, hotStub, coldStub;

    /**
     * Out of a {@link Loop}: the jump that leads to the exchange of registers before the hot jump,
     * and where that is; or 0. Back to the loop's start it leads straight there.
     */
    int detour, detourStub;

    /**
     * Of a jump to another page: the EXEC entry that it compares (offset from the GS base), and
     * where in its code the cookie is that it compares with.
     */
    int execEntry, cookie;

    /** Whether events may be looked at only after one more instruction: this is behind STI. */
    boolean shadow;

    /** Where the flags are, for {@link Gen}. */
    Object flags;

    /** The translation that this is linked to, or null. */
    Translation linked;

    Translation owner;

    Site(int index, long target, boolean poll, FlagSource source) {
        this.index = index;
        this.target = target;
        this.poll = poll;
        this.source = source;
    }
}
