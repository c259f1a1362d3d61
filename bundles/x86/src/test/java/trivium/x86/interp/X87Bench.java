package trivium.x86.interp;

import java.lang.foreign.Arena;
import trivium.bus.PortIo;
import trivium.cpu.CpuModel;
import trivium.cpu.VcpuState;
import trivium.memory.PhysicalMemory;
import trivium.mmu.Mmu;
import trivium.x86.Reset;
import trivium.x86.decode.Decoder;
import trivium.x86.decode.Instruction;
import trivium.x86.plain.PlainMemory;
import trivium.x86.plain.PlainVcpu;

/** A CPU with 64 KiB of RAM and no paging that executes single instructions given as bytes. */
final class X87Bench extends PlainVcpu {
    static final int RAM = 0x10000;
    final VcpuState state = state();
    final Cpu cpu;
    Boolean ferr;
    private final Ram ram = new Ram();

    /**
     * @param protectedMode flat segments and 32-bit code; else real mode with DS at 0x1000
     */
    X87Bench(CpuModel model, boolean protectedMode) {
        super(model);
        Reset.powerOn(state, model);
        for (int i = 0; i < 6; i++) {
            if (protectedMode) {
                state.segments[i].set(
                        8 * i + 8, 0, 0xffff_ffffL, i == VcpuState.CS ? 0xc09b : 0xc093);
            } else {
                state.segments[i].set(0x100, 0x1000, 0xffff, i == VcpuState.CS ? 0x9b : 0x93);
            }
        }
        state.cr0 = protectedMode ? 0x31 : 0x30;
        state.fcw = 0x37f;
        state.ftw = 0;
        cpu = new Cpu(this, new Flat());
        cpu.enter();
    }

    /** Executes one instruction at offset 0x123. */
    void run(int... bytes) {
        int[] at = {0};
        Instruction in = new Decoder(model()).decode(() -> bytes[at[0]++], cpu.codeSize);
        in.ip = 0x123;
        OpBuilder.build(in, cpu).exec(cpu);
    }

    long get(int gpa, int size) {
        return cpu.memory.read(gpa, size);
    }

    void put(int gpa, int size, long value) {
        cpu.memory.write(gpa, size, value);
    }

    @Override
    public PhysicalMemory memory() {
        return ram;
    }

    @Override
    public PortIo ports() {
        throw new UnsupportedOperationException();
    }

    @Override
    public void ferr(boolean asserted) {
        ferr = asserted;
    }

    /** RAM without host addresses: every access takes the slow path. */
    private static final class Ram extends PlainMemory {
        Ram() {
            super(Arena.ofAuto(), RAM);
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

    /** No paging; addresses beyond RAM fault. */
    private static final class Flat implements Mmu {
        @Override
        public long translate(long linear, int access) {
            return linear < 0 || linear >= RAM ? FAULT : linear & -4096 | MAY_WRITE;
        }

        @Override
        public int faultErrorCode() {
            return 0;
        }

        @Override
        public long probe(long linear) {
            return linear;
        }

        @Override
        public void flushAll() {}

        @Override
        public void flushNonGlobal() {}

        @Override
        public void flushPage(long linear) {}

        @Override
        public void close() {}
    }
}
