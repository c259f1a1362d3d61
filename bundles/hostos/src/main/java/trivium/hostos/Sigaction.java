package trivium.hostos;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.VarHandle;

/** {@code struct sigaction} of the C library on 64-bit Linux, {@code <bits/sigaction.h>}. */
final class Sigaction {
    static final int SA_RESTART = 0x1000_0000, SA_ONSTACK = 0x0800_0000;

    private static final StructLayout LAYOUT =
            MemoryLayout.structLayout(
                    ADDRESS.withName("sa_handler"),
                    MemoryLayout.sequenceLayout(128, JAVA_BYTE).withName("sa_mask"),
                    JAVA_INT.withName("sa_flags"),
                    MemoryLayout.paddingLayout(4),
                    ADDRESS.withName("sa_restorer"));

    private static final VarHandle SA_HANDLER = field("sa_handler"), SA_FLAGS = field("sa_flags");
    private final MemorySegment state, struct;

    /** All zeros: no signal is blocked while the handler runs. */
    Sigaction(Arena arena) {
        state = LibC.newState(arena);
        struct = arena.allocate(LAYOUT);
    }

    private static VarHandle field(String name) {
        return LAYOUT.varHandle(PathElement.groupElement(name));
    }

    static boolean available() {
        return LibC.SIGACTION.isPresent();
    }

    MemorySegment handler() {
        return (MemorySegment) SA_HANDLER.get(struct, 0L);
    }

    void handler(MemorySegment function) {
        SA_HANDLER.set(struct, 0L, function);
    }

    void flags(int flags) {
        SA_FLAGS.set(struct, 0L, flags);
    }

    /** Gets what a signal does at present. */
    void get(int signal) throws IOException {
        call(signal, MemorySegment.NULL, struct);
    }

    /** From now on a signal does this. */
    void set(int signal) throws IOException {
        call(signal, struct, MemorySegment.NULL);
    }

    private void call(int signal, MemorySegment set, MemorySegment get) throws IOException {
        LibC.call(
                "sigaction",
                state,
                () -> (int) LibC.handle(LibC.SIGACTION).invokeExact(state, signal, set, get));
    }
}
