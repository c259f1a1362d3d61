package trivium.mmu.softtlb.internal;

import trivium.bus.PortIo;
import trivium.cpu.CpuModel;
import trivium.cpu.LocalApic;
import trivium.cpu.Vcpu;
import trivium.cpu.VcpuState;
import trivium.memory.MemoryListener;
import trivium.memory.PhysicalMemory;

/** State and a little memory, which is all that an MMU sees of a vCPU. */
final class TestVcpu implements Vcpu {
    private final VcpuState state = new VcpuState();
    final Memory memory = new Memory();

    /** Without host addresses: every access comes through read and write. */
    static final class Memory implements PhysicalMemory {
        private final byte[] ram = new byte[1 << 20];

        @Override
        public long ramBytes() {
            return ram.length;
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
        return CpuModel.X86_64;
    }

    @Override
    public PhysicalMemory memory() {
        return memory;
    }

    @Override
    public PortIo ports() {
        throw new AssertionError("an MMU does no port I/O");
    }

    @Override
    public LocalApic apic() {
        return LocalApic.NONE;
    }

    @Override
    public int pending() {
        return 0;
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
    public void onHalt() {}

    @Override
    public long tsc() {
        return 0;
    }

    @Override
    public void awaitPending() {}
}
