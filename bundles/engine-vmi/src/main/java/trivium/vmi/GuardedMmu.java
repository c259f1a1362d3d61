package trivium.vmi;

import java.util.Optional;
import trivium.cpu.VcpuState;
import trivium.mmu.Mmu;
import trivium.mmu.SharedMappings;
import trivium.x86.plain.WrappedMmu;

/**
 * An MMU under which nothing is mapped at and above a linear address, whatever the guest's page
 * tables say, while paging is on and addresses have 32 bits. Bound to the vCPU's thread.
 */
final class GuardedMmu {
    private static final long CR0_PG = 1L << 31, EFER_LMA = 1 << 10, EFER_NXE = 1 << 11;
    private static final long CR4_PAE = 1 << 5, LINEAR = 0xffff_ffffL;
    private static final int ERROR_WRITE = 2, ERROR_USER = 4, ERROR_FETCH = 16;

    private final VcpuState s;

    /** 0: everything is as the guest wants it. */
    private long top;

    private Mmu attached;

    GuardedMmu(VcpuState s) {
        this.s = s;
    }

    /** From now on; 0 for no more. */
    void guard(long linear) {
        top = linear;
        tellLimit();
        if (attached != null) {
            attached.flushAll();
        }
    }

    /** Translated code that walks the guest's tables itself stops there. */
    private void tellLimit() {
        if (attached != null) {
            attached.shared().ifPresent(shared -> shared.limit(top == 0 ? -1 : top));
        }
    }

    void flush() {
        attached.flushAll();
    }

    /** {@link Mmu#probe}. */
    long probe(long linear) {
        return attached.probe(linear);
    }

    /** The MMU to use for one that was attached. */
    Mmu over(Mmu mmu) {
        attached = new Guarded(mmu);
        tellLimit();
        return attached;
    }

    private final class Guarded extends WrappedMmu {
        private boolean refused;
        private int error;

        Guarded(Mmu mmu) {
            super(mmu);
        }

        private boolean reserved(long linear) {
            return top != 0
                    && (linear & LINEAR) >= top
                    && (s.cr0 & CR0_PG) != 0
                    && (s.efer & EFER_LMA) == 0;
        }

        @Override
        public long translate(long linear, int access) {
            refused = reserved(linear);
            if (!refused) {
                return mmu.translate(linear, access);
            }
            boolean tellsFetch = (s.cr4 & CR4_PAE) != 0 && (s.efer & EFER_NXE) != 0;
            error =
                    ((access & WRITE) != 0 ? ERROR_WRITE : 0)
                            | ((access & USER) != 0 ? ERROR_USER : 0)
                            | ((access & EXECUTE) != 0 && tellsFetch ? ERROR_FETCH : 0);
            return FAULT;
        }

        @Override
        public int faultErrorCode() {
            return refused ? error : mmu.faultErrorCode();
        }

        @Override
        public long probe(long linear) {
            return reserved(linear) ? FAULT : mmu.probe(linear);
        }

        @Override
        public Optional<SharedMappings> shared() {
            return mmu.shared();
        }
    }
}
