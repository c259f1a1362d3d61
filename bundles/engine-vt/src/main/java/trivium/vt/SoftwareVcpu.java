package trivium.vt;

import java.util.Optional;
import java.util.OptionalLong;
import trivium.bus.PortIo;
import trivium.cpu.CpuModel;
import trivium.cpu.ExecutionEngine;
import trivium.cpu.LocalApic;
import trivium.cpu.Vcpu;
import trivium.cpu.VcpuState;
import trivium.memory.PhysicalMemory;

/**
 * The vCPU as the software engine sees it: the same, but that an event which KVM had accepted and
 * not delivered yet waits in front of all others.
 */
final class SoftwareVcpu implements Vcpu {
    private final Vcpu vcpu;
    private int owedVector = -1;
    private boolean owedNmi;

    SoftwareVcpu(Vcpu vcpu) {
        this.vcpu = vcpu;
    }

    void owe(int vector, boolean nmi) {
        owedVector = vector;
        owedNmi = nmi;
    }

    boolean owing() {
        return owedVector >= 0 || owedNmi;
    }

    @Override
    public int pending() {
        return vcpu.pending() | (owedVector >= 0 ? INTR : 0) | (owedNmi ? NMI : 0);
    }

    @Override
    public boolean take(int bit) {
        if (bit == NMI && owedNmi) {
            owedNmi = false;
            return true;
        }
        return vcpu.take(bit);
    }

    @Override
    public int acknowledgeInterrupt() {
        int vector = owedVector;
        owedVector = -1;
        return vector >= 0 ? vector : vcpu.acknowledgeInterrupt();
    }

    // spotless:off
    @Override public int index() { return vcpu.index(); }

    @Override public VcpuState state() { return vcpu.state(); }

    @Override public CpuModel model() { return vcpu.model(); }

    @Override public PhysicalMemory memory() { return vcpu.memory(); }

    @Override public PortIo ports() { return vcpu.ports(); }

    @Override public LocalApic apic() { return vcpu.apic(); }

    @Override public long pendingHva() { return vcpu.pendingHva(); }

    @Override public int sipiVector() { return vcpu.sipiVector(); }

    @Override public void ferr(boolean asserted) { vcpu.ferr(asserted); }

    @Override public Optional<ExecutionEngine> softwareEngine() { return vcpu.softwareEngine(); }

    @Override public void onHalt() { vcpu.onHalt(); }

    @Override public long tsc() { return vcpu.tsc(); }

    @Override public OptionalLong tscAheadOfHost() { return vcpu.tscAheadOfHost(); }

    @Override public void awaitPending() throws InterruptedException { vcpu.awaitPending(); }
    // spotless:on
}
