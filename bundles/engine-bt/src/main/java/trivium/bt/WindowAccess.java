package trivium.bt;

import trivium.x86.decode.Instruction;

/** A host instruction that accesses the guest's memory in the window, and may fault there. */
final class WindowAccess {
    /** Offset of the host instruction. */
    final int at;

    /** Of the guest's instruction. */
    final int index;

    /** Whether that stores, there or after it has loaded. */
    final boolean stores;

    /** Where the guest's flags are. */
    final Flags.Place flags;

    /** Offset of where it goes on if the page cannot be opened: out, before the instruction. */
    int refused;

    WindowAccess(int at, int index, boolean stores, Flags.Place flags) {
        this.at = at;
        this.index = index;
        this.stores = stores;
        this.flags = flags;
    }

    /**
     * Whether the host code for a memory operand may fault: it is one instruction with no prefix
     * before those that {@link Asm} writes, and nothing is exchanged around it.
     */
    static boolean fits(Instruction in) {
        if (in.lock) {
            return false;
        }
        for (int i = 0; i < in.row.operands().size(); i++) {
            if (in.isHighByte(i)) {
                return false;
            }
        }
        return switch (in.mnemonic()) {
            case CRC32, POPCNT, CMPXCHG8B -> false;
            default -> true;
        };
    }
}
