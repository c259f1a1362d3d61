package trivium.vt;

import trivium.mmu.Mmu;
import trivium.x86.plain.WrappedMmu;

/**
 * The software engine's MMU, which tells of every flush: KVM and the host's TLB must forget as
 * well. KVM does not see what a process writes to the guest's page tables.
 */
final class WatchedMmu extends WrappedMmu {
    private final Runnable told;

    WatchedMmu(Mmu mmu, Runnable told) {
        super(mmu);
        this.told = told;
    }

    @Override
    public void flushAll() {
        super.flushAll();
        told.run();
    }

    @Override
    public void flushNonGlobal() {
        super.flushNonGlobal();
        told.run();
    }

    @Override
    public void flushPage(long linear) {
        super.flushPage(linear);
        told.run();
    }
}
