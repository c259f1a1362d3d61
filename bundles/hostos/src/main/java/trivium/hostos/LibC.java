package trivium.hostos;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.Optional;

/**
 * Functions of the C library, by their own names. Each takes a {@link #STATE} segment first, which
 * receives errno.
 */
final class LibC {
    static final StructLayout STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO =
            STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
    private static final AddressLayout POINTER = ADDRESS;
    private static final Linker LINKER = Linker.nativeLinker();

    static final Optional<MethodHandle> MEMFD_CREATE =
            find("memfd_create", FunctionDescriptor.of(JAVA_INT, POINTER, JAVA_INT));
    static final Optional<MethodHandle> FTRUNCATE =
            find("ftruncate", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG));
    static final Optional<MethodHandle> FALLOCATE =
            find(
                    "fallocate",
                    FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG));
    static final Optional<MethodHandle> MMAP =
            find(
                    "mmap",
                    FunctionDescriptor.of(
                            JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT,
                            JAVA_LONG));
    static final Optional<MethodHandle> MUNMAP =
            find("munmap", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG));

    /** Without the fifth argument, which only MREMAP_FIXED has. */
    static final Optional<MethodHandle> MREMAP =
            find(
                    "mremap",
                    FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT),
                    Linker.Option.firstVariadicArg(4));

    static final Optional<MethodHandle> MREMAP_FIXED =
            find(
                    "mremap",
                    FunctionDescriptor.of(
                            JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG),
                    Linker.Option.firstVariadicArg(4));

    static final Optional<MethodHandle> MPROTECT =
            find("mprotect", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));
    static final Optional<MethodHandle> MADVISE =
            find("madvise", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));
    static final Optional<MethodHandle> PWRITE =
            find(
                    "pwrite",
                    FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG));
    static final Optional<MethodHandle> LSEEK =
            find("lseek", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT));
    static final Optional<MethodHandle> CLOSE =
            find("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
    static final Optional<MethodHandle> PRCTL =
            find(
                    "prctl",
                    FunctionDescriptor.of(
                            JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG));

    /** With two arguments behind the number of the system call. */
    static final Optional<MethodHandle> SYSCALL =
            find(
                    "syscall",
                    FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG),
                    Linker.Option.firstVariadicArg(1));

    /** Without the third argument, which only new files have. */
    static final Optional<MethodHandle> OPEN =
            find(
                    "open",
                    FunctionDescriptor.of(JAVA_INT, POINTER, JAVA_INT),
                    Linker.Option.firstVariadicArg(2));

    /** With a number or an address behind the request. */
    static final Optional<MethodHandle> IOCTL =
            find(
                    "ioctl",
                    FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG),
                    Linker.Option.firstVariadicArg(2));

    static final Optional<MethodHandle> PTHREAD_SELF =
            find("pthread_self", FunctionDescriptor.of(JAVA_LONG));
    static final Optional<MethodHandle> PTHREAD_KILL =
            find("pthread_kill", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_INT));
    static final Optional<MethodHandle> SIGACTION =
            find("sigaction", FunctionDescriptor.of(JAVA_INT, JAVA_INT, POINTER, POINTER));

    interface IntCall {
        int invoke() throws Throwable;
    }

    interface LongCall {
        long invoke() throws Throwable;
    }

    private LibC() {}

    @SuppressWarnings("restricted")
    private static Optional<MethodHandle> find(
            String name, FunctionDescriptor descriptor, Linker.Option... options) {
        Linker.Option[] all = Arrays.copyOf(options, options.length + 1);
        all[options.length] = Linker.Option.captureCallState("errno");
        return LINKER.defaultLookup()
                .find(name)
                .map(f -> LINKER.downcallHandle(f, descriptor, all));
    }

    /** The address of a C function. */
    static Optional<MemorySegment> address(String name) {
        return LINKER.defaultLookup().find(name);
    }

    static MethodHandle handle(Optional<MethodHandle> function) {
        return function.orElseThrow(() -> new IllegalStateException("not in this C library"));
    }

    /**
     * @throws IOException naming {@code what} and errno if the function returns -1
     */
    static int call(String what, MemorySegment state, IntCall function) throws IOException {
        return (int) call(what, state, (LongCall) function::invoke);
    }

    static long call(String what, MemorySegment state, LongCall function) throws IOException {
        long result;
        try {
            result = function.invoke();
        } catch (Throwable t) {
            throw new AssertionError(what, t); // a linkage mistake of ours
        }
        if (result == -1) {
            throw new IOException("%s failed, errno %d".formatted(what, errno(state)));
        }
        return result;
    }

    static boolean linux() {
        return System.getProperty("os.name").equals("Linux");
    }

    static MemorySegment newState(Arena arena) {
        return arena.allocate(STATE);
    }

    static int errno(MemorySegment state) {
        return (int) ERRNO.get(state, 0L);
    }
}
