package trivium.mmu.softtlb.internal;

import org.osgi.service.component.annotations.Component;
import trivium.cpu.Host;
import trivium.cpu.Support;
import trivium.cpu.Vcpu;
import trivium.mmu.Mmu;
import trivium.mmu.MmuStrategy;

/** Publishes {@link SoftTlb}. */
@Component
public final class SoftTlbStrategy implements MmuStrategy {
    @Override
    public String name() {
        return "softtlb";
    }

    @Override
    public String description() {
        return "walks the guest's page tables in software and caches the result";
    }

    @Override
    public Support supportOn(Host host) {
        return Support.YES;
    }

    @Override
    public Mmu attach(Vcpu vcpu) {
        return new SoftTlb(vcpu);
    }
}
