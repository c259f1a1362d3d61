package trivium.x86.plain;

import java.util.Optional;
import java.util.OptionalLong;
import trivium.bus.PortIo;
import trivium.cpu.CpuModel;
import trivium.cpu.ExecutionEngine;
import trivium.cpu.LocalApic;
import trivium.cpu.Vcpu;
import trivium.cpu.VcpuState;
import trivium.memory.PhysicalMemory;

/** Another vCPU, of which subclasses change something. */
public abstract class WrappedVcpu implements Vcpu {
    protected final Vcpu vcpu;

    protected WrappedVcpu(Vcpu vcpu) {
        this.vcpu = vcpu;
    }

    // spotless:off
    @Override public int index() { return vcpu.index(); }

    @Override public VcpuState state() { return vcpu.state(); }

    @Override public CpuModel model() { return vcpu.model(); }

    @Override public PhysicalMemory memory() { return vcpu.memory(); }

    @Override public PortIo ports() { return vcpu.ports(); }

    @Override public LocalApic apic() { return vcpu.apic(); }

    @Override public int pending() { return vcpu.pending(); }

    @Override public long pendingHva() { return vcpu.pendingHva(); }

    @Override public boolean take(int bit) { return vcpu.take(bit); }

    @Override public int sipiVector() { return vcpu.sipiVector(); }

    @Override public int acknowledgeInterrupt() { return vcpu.acknowledgeInterrupt(); }

    @Override public void ferr(boolean asserted) { vcpu.ferr(asserted); }

    @Override public Optional<ExecutionEngine> softwareEngine() { return vcpu.softwareEngine(); }

    @Override public void onHalt() { vcpu.onHalt(); }

    @Override public long tsc() { return vcpu.tsc(); }

    @Override public OptionalLong tscAheadOfHost() { return vcpu.tscAheadOfHost(); }

    @Override public void awaitPending() throws InterruptedException { vcpu.awaitPending(); }
    // spotless:on
}
