package trivium.x86.vectors;

import trivium.bus.PortIo;
import trivium.cpu.CpuModel;
import trivium.cpu.LocalApic;
import trivium.cpu.Vcpu;
import trivium.cpu.VcpuState;
import trivium.hostos.AtomicWord;

/** A vCPU with nothing around it: no interrupts, no devices; ports read all ones. */
final class VectorVcpu implements Vcpu {
    private static final PortIo NO_PORTS =
            new PortIo() {
                @Override
                public int in(int port, int size) {
                    return -1 >>> 32 - 8 * size;
                }

                @Override
                public void out(int port, int size, int value) {}
            };

    private final CpuModel model;
    private final VectorMemory memory;
    private final VcpuState state = new VcpuState();
    private final AtomicWord pending = new AtomicWord();

    VectorVcpu(CpuModel model, VectorMemory memory) {
        this.model = model;
        this.memory = memory;
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
    public VectorMemory memory() {
        return memory;
    }

    @Override
    public PortIo ports() {
        return NO_PORTS;
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
        return pending.hva();
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
        return System.nanoTime();
    }

    @Override
    public void awaitPending() {}
}
