package trivium.hostos;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Where generated code goes on when it faults (SIGSEGV) at addresses of an {@link AddressWindow}.
 * The handler is machine code in front of the JVM's own, to which every other fault goes on as it
 * came: it runs no Java, and costs a good microsecond. It stays until the process ends.
 */
public final class FaultRedirection implements AutoCloseable {
    private static final int SIGSEGV = 11;

    /** In the table: code from, to; addresses from, to; where to note; where to go on. */
    private static final int ENTRY_BYTES = 48, MOST = 1024;

    private static final int CODE = 0, CODE_END = 8, LOW = 16, HIGH = 24, RECORD = 32, TARGET = 40;

    /** An entry of no code; the table ends with one of all zeros. */
    private static final long FREE = -1;

    // Of ucontext_t and siginfo_t on x86-64 Linux, <sys/ucontext.h>, <bits/types/siginfo_t.h>.
    private static final int UC_RIP = 168, SI_ADDR = 16;

    private static final MemorySegment TABLE =
            Arena.global().allocate((long) ENTRY_BYTES * (MOST + 1), 64);

    /** The handler, never unmapped. */
    private static final List<ExecutableMemory> KEPT = new ArrayList<>();

    private static Throwable failure;
    private static boolean installed;
    private static int used;

    private final MemorySegment entry;

    private FaultRedirection(MemorySegment entry) {
        this.entry = entry;
    }

    public static boolean available() {
        return GsBase.available() && Sigaction.available();
    }

    /**
     * @param code from and to: host addresses of the code that may fault
     * @param data from and to: the addresses at which it may
     * @param record host address of two quadwords that get the faulting instruction's address, and
     *     the address at which it faulted
     * @param target where the thread goes on, with all other registers as they were
     * @throws IOException if the host has no such handlers, or there are too many of these
     */
    public static synchronized FaultRedirection of(
            long code, long codeEnd, long data, long dataEnd, long record, long target)
            throws IOException {
        install();
        MemorySegment entry = freeEntry();
        entry.set(JAVA_LONG, CODE_END, codeEnd);
        entry.set(JAVA_LONG, LOW, data);
        entry.set(JAVA_LONG, HIGH, dataEnd);
        entry.set(JAVA_LONG, RECORD, record);
        entry.set(JAVA_LONG, TARGET, target);
        // Last: other threads may fault meanwhile.
        JAVA_LONG.varHandle().setRelease(entry, (long) CODE, code);
        return new FaultRedirection(entry);
    }

    private static MemorySegment freeEntry() throws IOException {
        for (int i = 0; i < used; i++) {
            MemorySegment entry = TABLE.asSlice((long) i * ENTRY_BYTES, ENTRY_BYTES);
            if (entry.get(JAVA_LONG, CODE) == FREE) {
                return entry;
            }
        }
        if (used == MOST) {
            throw new IOException("%d vCPUs have windows already".formatted(MOST));
        }
        return TABLE.asSlice((long) used++ * ENTRY_BYTES, ENTRY_BYTES);
    }

    /** No thread may run the code any more. */
    @Override
    public void close() {
        synchronized (FaultRedirection.class) {
            JAVA_LONG.varHandle().setRelease(entry, (long) CODE, FREE);
        }
    }

    private static void install() throws IOException {
        if (!installed) {
            installed = true;
            try {
                if (!available()) {
                    throw new IOException("only x86-64 Linux tells where a fault was");
                }
                putBeforeOthers();
            } catch (IOException | RuntimeException e) {
                failure = e;
            }
        }
        if (failure != null) {
            throw new IOException("faults cannot be handled: " + failure.getMessage(), failure);
        }
    }

    private static void putBeforeOthers() throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            Sigaction action = new Sigaction(arena);
            action.get(SIGSEGV);
            ExecutableMemory memory = ExecutableMemory.allocate("trivium-faults", 4096);
            byte[] code = handler(action.handler().address());
            HostMemory.copy(code, 0, memory.writable(), code.length);
            KEPT.add(memory);
            // Mask and flags stay as the JVM has them.
            action.handler(MemorySegment.ofAddress(memory.executable()));
            action.set(SIGSEGV);
        }
    }

    /**
     * <pre>
     *         mov  rax, [rdx + UC_RIP]
     *         mov  rcx, TABLE
     *         mov  r9, [rsi + SI_ADDR]
     * next:   mov  r8, [rcx + CODE]
     *         test r8, r8
     *         jz   others
     *         cmp  rax, r8
     *         jb   no
     *         cmp  rax, [rcx + CODE_END]
     *         jae  no
     *         cmp  r9, [rcx + LOW]
     *         jb   no
     *         cmp  r9, [rcx + HIGH]
     *         jae  no
     *         mov  r8, [rcx + RECORD]
     *         mov  [r8], rax
     *         mov  [r8 + 8], r9
     *         mov  r8, [rcx + TARGET]
     *         mov  [rdx + UC_RIP], r8
     *         ret
     * no:     add  rcx, ENTRY_BYTES
     *         jmp  next
     * others: mov  rax, handler
     *         jmp  rax
     * </pre>
     */
    private static byte[] handler(long others) {
        var code = ByteBuffer.allocate(128).order(ByteOrder.LITTLE_ENDIAN);
        code.put(bytes(0x48, 0x8b, 0x82)).putInt(UC_RIP);
        code.put(bytes(0x48, 0xb9)).putLong(TABLE.address());
        code.put(bytes(0x4c, 0x8b, 0x4e, SI_ADDR));
        int next = code.position();
        code.put(bytes(0x4c, 0x8b, 0x41, CODE));
        code.put(bytes(0x4d, 0x85, 0xc0));
        int toOthers = jump(code, 0x74);
        code.put(bytes(0x4c, 0x39, 0xc0));
        int no1 = jump(code, 0x72);
        code.put(bytes(0x48, 0x3b, 0x41, CODE_END));
        int no2 = jump(code, 0x73);
        code.put(bytes(0x4c, 0x3b, 0x49, LOW));
        int no3 = jump(code, 0x72);
        code.put(bytes(0x4c, 0x3b, 0x49, HIGH));
        int no4 = jump(code, 0x73);
        code.put(bytes(0x4c, 0x8b, 0x41, RECORD));
        code.put(bytes(0x49, 0x89, 0x00));
        code.put(bytes(0x4d, 0x89, 0x48, 0x08));
        code.put(bytes(0x4c, 0x8b, 0x41, TARGET));
        code.put(bytes(0x4c, 0x89, 0x82)).putInt(UC_RIP);
        code.put(bytes(0xc3));
        for (int no : new int[] {no1, no2, no3, no4}) {
            bind(code, no);
        }
        code.put(bytes(0x48, 0x83, 0xc1, ENTRY_BYTES));
        code.put(bytes(0xeb, next - (code.position() + 2)));
        bind(code, toOthers);
        code.put(bytes(0x48, 0xb8)).putLong(others);
        code.put(bytes(0xff, 0xe0));
        return Arrays.copyOf(code.array(), code.position());
    }

    private static byte[] bytes(int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return bytes;
    }

    /**
     * @return where the displacement is
     */
    private static int jump(ByteBuffer code, int opcode) {
        code.put(bytes(opcode, 0));
        return code.position() - 1;
    }

    private static void bind(ByteBuffer code, int at) {
        code.put(at, (byte) (code.position() - (at + 1)));
    }
}
