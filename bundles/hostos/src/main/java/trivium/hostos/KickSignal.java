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

/**
 * A signal that does nothing but end the system call that a thread is in (KVM_RUN). It is a
 * real-time signal, which the JVM does not use, and its handler is {@code abs} of the C library: a
 * function of one int without effects, so no code of ours runs and no executable memory is needed.
 */
final class KickSignal {
    /** SIGRTMAX - 4; libc and JVM use the lowest ones, if any. */
    private static final int SIGNAL = 60;

    private static final int SA_RESTART = 0x1000_0000, SA_ONSTACK = 0x0800_0000;

    /** struct sigaction of the C library on 64-bit Linux, <bits/sigaction.h>. */
    static final StructLayout SIGACTION =
            MemoryLayout.structLayout(
                    ADDRESS.withName("sa_handler"),
                    MemoryLayout.sequenceLayout(128, JAVA_BYTE).withName("sa_mask"),
                    JAVA_INT.withName("sa_flags"),
                    MemoryLayout.paddingLayout(4),
                    ADDRESS.withName("sa_restorer"));

    private static final Throwable FAILURE = install();

    private KickSignal() {}

    private static Throwable install() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment action = arena.allocate(SIGACTION);
            action.set(
                    ADDRESS,
                    SIGACTION.byteOffset(PathElement.groupElement("sa_handler")),
                    LibC.address("abs").orElseThrow());
            action.set(
                    JAVA_INT,
                    SIGACTION.byteOffset(PathElement.groupElement("sa_flags")),
                    SA_RESTART | SA_ONSTACK);
            MemorySegment state = LibC.newState(arena);
            LibC.call(
                    "sigaction",
                    state,
                    () ->
                            (int)
                                    LibC.handle(LibC.SIGACTION)
                                            .invokeExact(
                                                    state, SIGNAL, action, MemorySegment.NULL));
            return null;
        } catch (IOException | RuntimeException e) {
            return e;
        }
    }

    /**
     * @throws IOException if the signal's handler could not be installed
     */
    static void require() throws IOException {
        if (FAILURE != null) {
            throw new IOException("no signal to interrupt vCPUs with: " + FAILURE, FAILURE);
        }
    }

    /** The calling thread, for {@link #send}. */
    static long self() {
        try (Arena arena = Arena.ofConfined()) {
            return (long) LibC.handle(LibC.PTHREAD_SELF).invokeExact(LibC.newState(arena));
        } catch (Throwable t) {
            throw new AssertionError("pthread_self", t); // a linkage mistake of ours
        }
    }

    /**
     * @param thread a {@link #self} of a thread that has not ended
     */
    static void send(long thread) {
        try (Arena arena = Arena.ofConfined()) {
            int _ =
                    (int)
                            LibC.handle(LibC.PTHREAD_KILL)
                                    .invokeExact(LibC.newState(arena), thread, SIGNAL);
        } catch (Throwable t) {
            throw new AssertionError("pthread_kill", t); // a linkage mistake of ours
        }
    }
}
