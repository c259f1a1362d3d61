package trivium.vt;

import trivium.cpu.Host;
import trivium.cpu.Support;
import trivium.cpu.Vcpu;
import trivium.mmu.Mmu;
import trivium.mmu.MmuStrategy;

/**
 * The software engine's MMU, which tells of every flush: KVM's shadow page tables and the host's
 * TLB must forget as well. KVM does not see what a process writes to the guest's page tables.
 */
record WatchedMmu(MmuStrategy strategy, VtVm vm) implements MmuStrategy {
    @Override
    public String name() {
        return strategy.name();
    }

    @Override
    public String description() {
        return strategy.description();
    }

    @Override
    public Support supportOn(Host host) {
        return strategy.supportOn(host);
    }

    @Override
    public Mmu attach(Vcpu vcpu) {
        return new Watched(strategy.attach(vcpu), vm);
    }

    private record Watched(Mmu mmu, VtVm vm) implements Mmu {
        @Override
        public long translate(long linear, int access) {
            return mmu.translate(linear, access);
        }

        @Override
        public int faultErrorCode() {
            return mmu.faultErrorCode();
        }

        @Override
        public long probe(long linear) {
            return mmu.probe(linear);
        }

        @Override
        public void flushAll() {
            mmu.flushAll();
            vm.translationsChanged();
        }

        @Override
        public void flushNonGlobal() {
            mmu.flushNonGlobal();
            vm.translationsChanged();
        }

        @Override
        public void flushPage(long linear) {
            mmu.flushPage(linear);
            vm.translationsChanged();
        }

        @Override
        public void close() {
            mmu.close();
        }
    }
}
