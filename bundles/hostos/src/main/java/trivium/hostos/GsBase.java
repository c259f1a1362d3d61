package trivium.hostos;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The base of the GS segment of the calling platform thread, through which generated code finds its
 * data. On x86-64 Linux neither the C library nor the JVM uses it; the kernel keeps it for each
 * thread.
 */
public final class GsBase {
    // <asm/unistd_64.h>, <asm/prctl.h>
    private static final long SYS_ARCH_PRCTL = 158;
    private static final long ARCH_SET_GS = 0x1001;

    /** By thread; nobody else changes it. */
    private static final ThreadLocal<long[]> PRESENT = ThreadLocal.withInitial(() -> new long[1]);

    private GsBase() {}

    public static boolean available() {
        return LibC.linux()
                && System.getProperty("os.arch").equals("amd64")
                && LibC.SYSCALL.isPresent();
    }

    /**
     * @throws IOException if this is not x86-64 Linux, or the kernel refuses
     */
    public static void set(long hva) throws IOException {
        long[] present = PRESENT.get();
        if (present[0] != hva) {
            change(hva);
            present[0] = hva;
        }
    }

    private static void change(long hva) throws IOException {
        if (!available()) {
            throw new IOException("only x86-64 Linux lets a thread set its GS base");
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = LibC.newState(arena);
            LibC.call(
                    "arch_prctl(ARCH_SET_GS, %#x)".formatted(hva),
                    state,
                    () ->
                            (long)
                                    LibC.handle(LibC.SYSCALL)
                                            .invokeExact(state, SYS_ARCH_PRCTL, ARCH_SET_GS, hva));
        }
    }
}
