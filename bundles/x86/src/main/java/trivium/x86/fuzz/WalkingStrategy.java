package trivium.x86.fuzz;

import java.util.Optional;
import trivium.cpu.Host;
import trivium.cpu.Support;
import trivium.cpu.Vcpu;
import trivium.hostos.HostMemory;
import trivium.mmu.Mmu;
import trivium.mmu.MmuStrategy;
import trivium.mmu.SharedMappings;
import trivium.x86.PageWalker;

/**
 * The simplest MMU strategy: walks the guest's tables for every translation and caches nothing, so
 * that nothing is stale. For tests.
 */
public final class WalkingStrategy implements MmuStrategy {
    @Override
    public String name() {
        return "walking";
    }

    @Override
    public String description() {
        return "walks the guest's page tables each time";
    }

    @Override
    public Support supportOn(Host host) {
        return Support.YES;
    }

    @Override
    public Mmu attach(Vcpu vcpu) {
        var shares = new SharedMappings();
        HostMemory.putLong(shares.hva() + SharedMappings.LOCAL_TAG, 1);
        HostMemory.putLong(shares.hva() + SharedMappings.GLOBAL_TAG, 1);
        return new Walking(new PageWalker(vcpu.state(), vcpu.memory(), vcpu.model()), shares);
    }

    private record Walking(PageWalker walker, SharedMappings shares) implements Mmu {
        /** Translated code may walk as this does, and finds nothing cached. */
        @Override
        public Optional<SharedMappings> shared() {
            return Optional.of(shares);
        }

        @Override
        public long translate(long linear, int access) {
            if (!walker.paging()) {
                return linear & 0xffff_f000L | MAY_WRITE;
            }
            long mapping = walker.walk(linear & -4096, access);
            return mapping == FAULT ? FAULT : walker.answer(mapping, access);
        }

        @Override
        public int faultErrorCode() {
            return walker.errorCode();
        }

        @Override
        public long probe(long linear) {
            return walker.probe(linear);
        }

        @Override
        public void flushAll() {}

        @Override
        public void flushNonGlobal() {}

        @Override
        public void flushPage(long linear) {}

        @Override
        public void close() {}
    }
}
