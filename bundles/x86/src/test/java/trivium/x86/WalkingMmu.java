package trivium.x86;

import trivium.cpu.Vcpu;
import trivium.mmu.Mmu;

/** The page walker with no cache at all. */
final class WalkingMmu implements Mmu {
    private final PageWalker walker;

    WalkingMmu(Vcpu vcpu) {
        walker = new PageWalker(vcpu.state(), vcpu.memory(), vcpu.model());
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
