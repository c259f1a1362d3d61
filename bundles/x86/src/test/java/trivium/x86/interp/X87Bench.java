package trivium.x86.interp;

import trivium.bus.PortIo;
import trivium.cpu.CpuModel;
import trivium.cpu.LocalApic;
import trivium.cpu.Vcpu;
import trivium.cpu.VcpuState;
import trivium.memory.MemoryListener;
import trivium.memory.PhysicalMemory;
import trivium.mmu.Mmu;
import trivium.x86.Reset;
import trivium.x86.decode.Decoder;
import trivium.x86.decode.Instruction;

/** A CPU with 64 KiB of RAM and no paging that executes single instructions given as bytes. */
final class X87Bench implements Vcpu {
    static final int RAM = 0x10000;
    final byte[] ram = new byte[RAM];
    final VcpuState state = new VcpuState();
    final CpuModel model;
    final Cpu cpu;
    int pending;
    Boolean ferr;

    /**
     * @param protectedMode flat segments and 32-bit code; else real mode with DS at 0x1000
     */
    X87Bench(CpuModel model, boolean protectedMode) {
        this.model = model;
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
        Instruction in = new Decoder(model).decode(() -> bytes[at[0]++], cpu.codeSize);
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
    public int index() {
        return 0;
    }

    @Override
    public VcpuState state() {
        return state;
    }

    @Override
    public CpuModel model() {
        return model;
    }

    @Override
    public PhysicalMemory memory() {
        return new Ram();
    }

    @Override
    public PortIo ports() {
        throw new UnsupportedOperationException();
    }

    @Override
    public LocalApic apic() {
        return LocalApic.NONE;
    }

    @Override
    public int pending() {
        return pending;
    }

    @Override
    public long pendingHva() {
        throw new UnsupportedOperationException("no native code here");
    }

    @Override
    public boolean take(int bit) {
        return false;
    }

    @Override
    public int sipiVector() {
        return 0;
    }

    @Override
    public int acknowledgeInterrupt() {
        return -1;
    }

    @Override
    public void ferr(boolean asserted) {
        ferr = asserted;
    }

    @Override
    public void onHalt() {}

    @Override
    public long tsc() {
        return 0;
    }

    @Override
    public void awaitPending() {}

    /** RAM without host addresses: every access takes the slow path. */
    private final class Ram implements PhysicalMemory {
        @Override
        public long ramBytes() {
            return RAM;
        }

        @Override
        public long readableHost(long gpa) {
            return 0;
        }

        @Override
        public long writableHost(long gpa) {
            return 0;
        }

        @Override
        public long read(long gpa, int size) {
            long value = 0;
            for (int i = 0; i < size; i++) {
                value |= (ram[(int) gpa + i] & 0xffL) << 8 * i;
            }
            return value;
        }

        @Override
        public void write(long gpa, int size, long value) {
            for (int i = 0; i < size; i++) {
                ram[(int) gpa + i] = (byte) (value >>> 8 * i);
            }
        }

        @Override
        public void read(long gpa, byte[] into, int offset, int length) {
            System.arraycopy(ram, (int) gpa, into, offset, length);
        }

        @Override
        public void write(long gpa, byte[] from, int offset, int length) {
            System.arraycopy(from, offset, ram, (int) gpa, length);
        }

        @Override
        public void trackCode(long gpa) {}

        @Override
        public void untrackCode(long gpa) {}

        @Override
        public void addListener(MemoryListener listener) {}

        @Override
        public void removeListener(MemoryListener listener) {}

        @Override
        public long a20Mask() {
            return -1;
        }

        @Override
        public void setA20(boolean open) {}
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
