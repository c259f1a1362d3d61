package example_strategy;

import org.osgi.service.component.annotations.Component;
import trivium.cpu.Host;
import trivium.cpu.Support;
import trivium.cpu.Vcpu;
import trivium.mmu.Mmu;
import trivium.mmu.MmuStrategy;

/** The plain walk of the guest's page tables, behind a small cache. */
@Component
public final class ExampleStrategy implements MmuStrategy {
    @Override
    public String name() {
        return "example-strategy";
    }

    @Override
    public String description() {
        return "the plain walk behind 256 cached pages";
    }

    @Override
    public Support supportOn(Host host) {
        return Support.YES;
    }

    /** For one vCPU, on its thread. */
    @Override
    public Mmu attach(Vcpu vcpu) {
        return new CachedWalk(vcpu);
    }
}
