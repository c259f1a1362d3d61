package trivium.x86;

import trivium.cpu.Host;
import trivium.cpu.Support;
import trivium.cpu.Vcpu;
import trivium.mmu.Mmu;
import trivium.mmu.MmuStrategy;

/** The simplest MMU strategy: walks the tables every time and caches nothing. */
public final class WalkingStrategy implements MmuStrategy {
    @Override
    public String name() {
        return "walking";
    }

    @Override
    public String description() {
        return "walks every time";
    }

    @Override
    public Support supportOn(Host host) {
        return Support.YES;
    }

    @Override
    public Mmu attach(Vcpu vcpu) {
        return new WalkingMmu(vcpu);
    }
}
