package trivium.vt;

import trivium.bus.PortIo;
import trivium.cpu.CpuModel;
import trivium.cpu.LocalApic;
import trivium.cpu.Vcpu;
import trivium.cpu.VcpuState;
import trivium.memory.PhysicalMemory;

/** A vCPU with a state, without memory and devices. */
final class IdleVcpu implements Vcpu {
    private final VcpuState state = new VcpuState();

    // spotless:off
    @Override public int index() { return 0; }

    @Override public VcpuState state() { return state; }

    @Override public CpuModel model() { return CpuModel.X86_64; }

    @Override public PhysicalMemory memory() { throw new AssertionError("no memory"); }

    @Override public PortIo ports() { throw new AssertionError("no ports"); }

    @Override public LocalApic apic() { return LocalApic.NONE; }

    @Override public int pending() { return 0; }

    @Override public long pendingHva() { return 0; }

    @Override public boolean take(int bit) { return false; }

    @Override public int sipiVector() { return 0; }

    @Override public int acknowledgeInterrupt() { return -1; }

    @Override public void onHalt() {}

    @Override public long tsc() { return 0; }

    @Override public void awaitPending() {}
    // spotless:on
}
