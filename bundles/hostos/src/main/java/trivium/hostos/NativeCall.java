package trivium.hostos;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Calls generated code by the C convention: one long in, one long out. The thread counts as being
 * in native code meanwhile, so the garbage collector does not wait for it. A wrong address ends the
 * process.
 */
public final class NativeCall {
    private static final FunctionDescriptor TYPE = FunctionDescriptor.of(JAVA_LONG, JAVA_LONG);

    /** (MemorySegment, long)long; constant, so that the JIT inlines the call. */
    private static final MethodHandle ANY = handle();

    private NativeCall() {}

    @SuppressWarnings("restricted")
    private static MethodHandle handle() {
        return Linker.nativeLinker().downcallHandle(TYPE);
    }

    /** Calls an address that is no constant: faster than a handle in an instance field. */
    public static long call(long codeHva, long argument) {
        try {
            return (long) ANY.invokeExact(MemorySegment.ofAddress(codeHva), argument);
        } catch (Throwable t) {
            throw new AssertionError("call of %#x".formatted(codeHva), t); // native code throws not
        }
    }
}
