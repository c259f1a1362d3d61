package trivium.vt;

import trivium.mmu.Mmu;
import trivium.x86.plain.WrappedMmu;

/**
 * The software engine's MMU, which tells of every flush: KVM's shadow page tables and the host's
 * TLB must forget as well. KVM does not see what a process writes to the guest's page tables.
 */
final class WatchedMmu extends WrappedMmu {
    private final VtVm vm;

    WatchedMmu(Mmu mmu, VtVm vm) {
        super(mmu);
        this.vm = vm;
    }

    @Override
    public void flushAll() {
        super.flushAll();
        vm.translationsChanged();
    }

    @Override
    public void flushNonGlobal() {
        super.flushNonGlobal();
        vm.translationsChanged();
    }

    @Override
    public void flushPage(long linear) {
        super.flushPage(linear);
        vm.translationsChanged();
    }
}
