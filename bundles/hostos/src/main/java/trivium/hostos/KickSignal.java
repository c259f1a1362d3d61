package trivium.hostos;

import java.io.IOException;
import java.lang.foreign.Arena;

/**
 * A signal that does nothing but end the system call that a thread is in (KVM_RUN). It is a
 * real-time signal, which the JVM does not use, and its handler is {@code abs} of the C library: a
 * function of one int without effects, so no code of ours runs and no executable memory is needed.
 */
final class KickSignal {
    /** SIGRTMAX - 4; libc and JVM use the lowest ones, if any. */
    private static final int SIGNAL = 60;

    private static final Throwable FAILURE = install();

    private KickSignal() {}

    private static Throwable install() {
        try (Arena arena = Arena.ofConfined()) {
            Sigaction action = new Sigaction(arena);
            action.handler(LibC.address("abs").orElseThrow());
            action.flags(Sigaction.SA_RESTART | Sigaction.SA_ONSTACK);
            action.set(SIGNAL);
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
