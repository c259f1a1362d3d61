package trivium.x86.plain;

import trivium.mmu.Mmu;

/**
 * Another MMU, of which subclasses change something. It shares nothing, so that every translation
 * comes through here.
 */
public abstract class WrappedMmu implements Mmu {
    protected final Mmu mmu;

    protected WrappedMmu(Mmu mmu) {
        this.mmu = mmu;
    }

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
    }

    @Override
    public void flushNonGlobal() {
        mmu.flushNonGlobal();
    }

    @Override
    public void flushPage(long linear) {
        mmu.flushPage(linear);
    }

    @Override
    public void close() {
        mmu.close();
    }
}
