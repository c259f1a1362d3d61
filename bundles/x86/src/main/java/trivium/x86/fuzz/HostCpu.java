package trivium.x86.fuzz;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import trivium.cpu.Host;
import trivium.cpu.VcpuState;
import trivium.hostos.ExecutableMemory;
import trivium.hostos.HostInfo;
import trivium.hostos.HostMemory;
import trivium.hostos.NativeCall;
import trivium.x86.FxImage;

/**
 * Runs code on the host's own CPU: registers, flags, x87 and SSE state come from a state and go to
 * one. Code may do what it likes but fault, use the stack, and change memory that is not its own.
 */
final class HostCpu implements AutoCloseable {
    static final int CODE_BYTES = 4096;

    /** Where programs begin in the page of code. */
    private static final int PROGRAM = 0x200;

    // The block that code in and out finds at RDI: registers by number, flags, FXSAVE images.
    private static final int FLAGS = 0x80, IN = 0x100, OUT = 0x300, BLOCK_BYTES = 0x500;
    private static final int RSP = 4, RDI = 7;
    private static final int[] SAVED = {3, 5, 12, 13, 14, 15};

    private static final long STATUS = 0x8d5;
    private static final int DF = 1 << 10;

    private final Arena arena = Arena.ofConfined();
    private final ExecutableMemory code;
    private final long block;
    private final MemorySegment data;

    /**
     * @param dataBytes of memory for programs; a power of two
     * @throws IOException if the host has no executable memory
     */
    HostCpu(int dataBytes) throws IOException {
        code = ExecutableMemory.allocate("trivium-host-cpu", CODE_BYTES);
        block = arena.allocate(BLOCK_BYTES, 64).address();
        data = arena.allocate(dataBytes, dataBytes);
        byte[] in = wayIn();
        HostMemory.copy(in, 0, code.writable(), in.length);
    }

    /** Why programs cannot run on this host; null if they can. */
    static String missing() {
        Host host = HostInfo.host();
        if (!host.architecture().equals("amd64") || !host.operatingSystem().equals("Linux")) {
            return "the host is no x86-64 Linux";
        }
        if (!host.executableMemory()) {
            return "the host grants no executable memory";
        }
        return HostInfo.x86Features().containsAll(List.of("sse4_2", "popcnt", "cx16"))
                ? null
                : "the host's CPU has no SSE4.2";
    }

    /** Host address at which programs run. */
    long program() {
        return code.executable() + PROGRAM;
    }

    /** Most bytes of a program. */
    static int room() {
        return CODE_BYTES - PROGRAM - wayOut().length;
    }

    MemorySegment data() {
        return data;
    }

    /** Runs a program from {@code s}, which gets its end; RSP and RIP do not change. */
    void run(byte[] program, VcpuState s) {
        byte[] out = wayOut();
        HostMemory.copy(program, 0, code.writable() + PROGRAM, program.length);
        HostMemory.copy(out, 0, code.writable() + PROGRAM + program.length, out.length);
        put(s);
        NativeCall.call(code.executable(), block);
        get(s);
    }

    private void put(VcpuState s) {
        for (int i = 0; i < 16; i++) {
            HostMemory.putLong(block + 8 * i, s.gpr[i]);
        }
        HostMemory.putLong(block + FLAGS, s.rflags & (STATUS | DF) | 0x202);
        FxImage.put(s, block + IN);
    }

    private void get(VcpuState s) {
        for (int i = 0; i < 16; i++) {
            if (i != RSP) {
                s.gpr[i] = HostMemory.getLong(block + 8 * i);
            }
        }
        long kept = ~(STATUS | DF);
        s.rflags = s.rflags & kept | HostMemory.getLong(block + FLAGS) & ~kept;
        FxImage.get(block + OUT, s);
    }

    // ---- machine code: a function of the block's address (System V ABI), in two halves

    private static byte[] wayIn() {
        var a = new ByteArrayOutputStream();
        for (int register : SAVED) {
            push(a, register);
        }
        push(a, RDI);
        emit(a, 0x48, 0x0f, 0xae, 0x8f); // fxrstor64 [rdi + IN]
        emit32(a, IN);
        emit(a, 0xff, 0xb7); // push [rdi + FLAGS]; popf
        emit32(a, FLAGS);
        emit(a, 0x9d);
        for (int register = 0; register < 16; register++) {
            if (register != RSP && register != RDI) {
                move(a, 0x8b, register);
            }
        }
        move(a, 0x8b, RDI);
        emit(a, 0xe9); // jmp PROGRAM
        emit32(a, PROGRAM - (a.size() + 4));
        return a.toByteArray();
    }

    private static byte[] wayOut() {
        var a = new ByteArrayOutputStream();
        emit(a, 0x48, 0x87, 0x3c, 0x24); // xchg [rsp], rdi
        for (int register = 0; register < 16; register++) {
            if (register != RSP && register != RDI) {
                move(a, 0x89, register);
            }
        }
        emit(a, 0x9c, 0x58, 0x48, 0x89, 0x87); // pushf; pop rax; mov [rdi + FLAGS], rax
        emit32(a, FLAGS);
        emit(a, 0x58); // pop rax: what RDI was
        emit(a, 0x48, 0x89, 0x87);
        emit32(a, 8 * RDI);
        emit(a, 0x48, 0x0f, 0xae, 0x87); // fxsave64 [rdi + OUT]
        emit32(a, OUT);
        emit(a, 0xdb, 0xe3, 0xfc); // fninit; cld
        emit(a, 0x68); // push default; ldmxcsr [rsp]; pop rax
        emit32(a, 0x1f80);
        emit(a, 0x0f, 0xae, 0x14, 0x24, 0x58);
        for (int i = SAVED.length - 1; i >= 0; i--) {
            pop(a, SAVED[i]);
        }
        emit(a, 0xc3);
        return a.toByteArray();
    }

    private static void emit(ByteArrayOutputStream a, int... octets) {
        for (int octet : octets) {
            a.write(octet);
        }
    }

    private static void emit32(ByteArrayOutputStream a, int value) {
        emit(a, value, value >> 8, value >> 16, value >> 24);
    }

    private static void push(ByteArrayOutputStream a, int register) {
        emit(a, 0x40 | register >> 3, 0x50 | register & 7);
    }

    private static void pop(ByteArrayOutputStream a, int register) {
        emit(a, 0x40 | register >> 3, 0x58 | register & 7);
    }

    /** MOV between a register and its place in the block. */
    private static void move(ByteArrayOutputStream a, int opcode, int register) {
        emit(a, 0x48 | register >> 3 << 2, opcode, 0x87 | (register & 7) << 3);
        emit32(a, 8 * register);
    }

    @Override
    public void close() {
        code.close();
        arena.close();
    }
}
