package trivium.vmi;

import java.util.Optional;
import java.util.OptionalLong;
import trivium.bus.PortIo;
import trivium.bus.SharedPorts;
import trivium.cpu.CpuModel;
import trivium.cpu.ExecutionEngine;
import trivium.cpu.LocalApic;
import trivium.cpu.Vcpu;
import trivium.cpu.VcpuState;
import trivium.memory.PhysicalMemory;

/**
 * The vCPU as the engine below sees it: the same, but that the hypervisor hears of calls first and
 * does what a start-up IPI asks for where it knows better.
 */
final class VmiVcpu implements Vcpu, PortIo {
    /** The hypervisor, on the vCPU's thread. */
    interface Listener {
        /** The ROM is about to call the device. */
        void calling(int port);

        /** It has called. @return what the ROM gets: the answer, or something better */
        int called(int port, int answer);

        /** Whether this vCPU waits for the state it shall start with, not for a real-mode start. */
        boolean startsElsewhere();
    }

    private final Vcpu vcpu;
    private final PortIo ports;
    private final Listener listener;

    VmiVcpu(Vcpu vcpu, Listener listener) {
        this.vcpu = vcpu;
        this.listener = listener;
        ports = vcpu.ports();
    }

    @Override
    public int in(int port, int size) {
        if (port - Ports.BASE >>> 6 != 0 || size != 4) {
            return ports.in(port, size);
        }
        listener.calling(port);
        return listener.called(port, ports.in(port, size));
    }

    @Override
    public boolean take(int bit) {
        boolean ours =
                bit == SIPI
                        && state().activity == VcpuState.WAIT_FOR_SIPI
                        && listener.startsElsewhere();
        return !ours && vcpu.take(bit);
    }

    @Override
    public PortIo ports() {
        return this;
    }

    // spotless:off
    @Override public void out(int port, int size, int value) { ports.out(port, size, value); }

    @Override public Optional<SharedPorts> shared() { return ports.shared(); }

    @Override public int pending() { return vcpu.pending(); }

    @Override public int acknowledgeInterrupt() { return vcpu.acknowledgeInterrupt(); }

    @Override public int index() { return vcpu.index(); }

    @Override public VcpuState state() { return vcpu.state(); }

    @Override public CpuModel model() { return vcpu.model(); }

    @Override public PhysicalMemory memory() { return vcpu.memory(); }

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
