package trivium.mmu.softtlb.internal;

import java.lang.foreign.Arena;
import trivium.bus.PortIo;
import trivium.cpu.CpuModel;
import trivium.x86.plain.PlainMemory;
import trivium.x86.plain.PlainVcpu;

/** State and a little memory, which is all that an MMU sees of a vCPU. */
final class TestVcpu extends PlainVcpu {
    final Memory memory = new Memory();

    TestVcpu() {
        super(CpuModel.X86_64);
    }

    /** Without host addresses: every access comes through read and write. */
    static final class Memory extends PlainMemory {
        Memory() {
            super(Arena.ofAuto(), 1 << 20);
        }

        @Override
        public long readableHost(long gpa) {
            return 0;
        }

        @Override
        public long writableHost(long gpa) {
            return 0;
        }
    }

    @Override
    public Memory memory() {
        return memory;
    }

    @Override
    public PortIo ports() {
        throw new AssertionError("an MMU does no port I/O");
    }
}
