package trivium.vt;

import trivium.mmu.Mmu;

/**
 * The software engine's MMU, which tells of every flush: KVM's shadow page tables and the host's
 * TLB must forget as well. KVM does not see what a process writes to the guest's page tables.
 */
record WatchedMmu(Mmu mmu, VtVm vm) implements Mmu {
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
