package trivium.bt;

import java.io.IOException;
import trivium.cpu.TranslationView;
import trivium.hostos.ExecutableMemory;
import trivium.hostos.HostInfo;
import trivium.hostos.HostMemory;

/** Executable memory, filled from its start and emptied whole. Bound to one vCPU's thread. */
final class CodeCache implements AutoCloseable {
    private static final int ALIGNMENT = 16;

    private final ExecutableMemory memory;
    private final Stubs stubs;
    private final int first;
    private int used;

    CodeCache(String name, int bytes) throws IOException {
        memory =
                PerfMap.asked()
                        ? ExecutableMemory.allocateForPerf(name, bytes)
                        : ExecutableMemory.allocate(name, bytes);
        Asm a = new Asm();
        stubs = new Stubs(a, memory.executable(), HostInfo.x86Features().contains("avx"));
        PerfMap.name(memory.executable(), a.size, "stubs");
        add(a);
        first = used;
    }

    Stubs stubs() {
        return stubs;
    }

    /** Host address where the next code will run. */
    long next() {
        return memory.executable() + used;
    }

    /**
     * @return false if it is full
     */
    boolean add(Asm a) {
        if (a.size > memory.sizeBytes() - used) {
            return false;
        }
        HostMemory.copy(a.code, 0, memory.writable() + used, a.size);
        used = used + a.size + ALIGNMENT - 1 & -ALIGNMENT;
        return true;
    }

    /** What people see of a translation. */
    TranslationView.HostCode view(Translation t) {
        byte[] code = new byte[t.hostBytes];
        HostMemory.copy(t.host, code, 0, code.length);
        return new TranslationView.HostCode(t.ips.clone(), t.offsets.clone(), t.host, code);
    }

    /**
     * Writes a 32-bit displacement: the jump whose displacement is at {@code host} leads to {@code
     * target}.
     */
    void link(long host, long target) {
        HostMemory.putInt(
                memory.writable() + (host - memory.executable()), (int) (target - (host + 4)));
    }

    /** Writes a 32-bit immediate. */
    void put(long host, int value) {
        HostMemory.putInt(memory.writable() + (host - memory.executable()), value);
    }

    /** Overwrites the code at {@code host} with a jump. */
    void divert(long host, long target) {
        HostMemory.putByte(memory.writable() + (host - memory.executable()), (byte) 0xe9);
        link(host + 1, target);
    }

    /** The host gets back what it held. */
    void clear() {
        used = first;
        memory.discard(first);
    }

    int usedBytes() {
        return used;
    }

    long sizeBytes() {
        return memory.sizeBytes();
    }

    @Override
    public void close() {
        memory.close();
    }
}
