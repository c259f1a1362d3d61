package trivium.vmi;

import org.osgi.service.component.annotations.Component;
import trivium.cpu.ExecutionEngine;
import trivium.cpu.Host;
import trivium.cpu.Support;
import trivium.cpu.Vcpu;
import trivium.cpu.VcpuRunner;
import trivium.mmu.MmuStrategy;

/**
 * Runs guests that speak VMI, on top of the engine that the machine takes for what no other can
 * run. It keeps guests off the linear addresses that the hypervisor reserves, starts other vCPUs
 * where SetInitialAPState says, and tells how much time a vCPU lost.
 */
@Component
public final class VmiEngine implements ExecutionEngine {
    @Override
    public String name() {
        return "vmi";
    }

    @Override
    public String description() {
        return "paravirtualization for guests that speak VMI, on top of another engine";
    }

    @Override
    public Support supportOn(Host host) {
        return Support.YES;
    }

    /**
     * @throws IllegalStateException telling why this guest cannot be run so
     */
    @Override
    public VcpuRunner attach(Vcpu vcpu, MmuStrategy mmu) {
        int status = vcpu.ports().in(Ports.STATUS, 4);
        if ((status & Ports.SIGNATURE_MASK) != Ports.SIGNATURE) {
            throw new IllegalStateException(
                    "the guest has no VMI ROM; a VM gets one if it is started on engine vmi, or"
                            + " with the device vmi");
        }
        if ((status & (Ports.FOUND | Ports.FRESH)) == 0) {
            throw new IllegalStateException(
                    "the guest did not call the VMI ROM when it booted: its kernel does not speak"
                            + " VMI, or has not come to it yet");
        }
        ExecutionEngine base =
                vcpu.softwareEngine()
                        .filter(engine -> engine != this)
                        .orElseThrow(
                                () -> new IllegalStateException("there is no engine below vmi"));
        return new VmiRunner(vcpu, base, mmu);
    }
}
