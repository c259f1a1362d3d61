package trivium.mmu;

import java.util.Optional;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * A strategy attached to one vCPU; bound to the vCPU's thread. Engines keep a small cache of their
 * own in front of it and drop that when they call the flush methods here.
 */
@ConsumerType
public interface Mmu extends AutoCloseable {
    /**
     * Bits of {@code access}. An implicit supervisor access (descriptor tables, TSS) has no USER.
     */
    int READ = 0, WRITE = 1, EXECUTE = 2, USER = 4, IMPLICIT = 8;

    /** {@link #translate}'s answer when the walk faulted. */
    long FAULT = -1;

    /** Bits 0 to 11 of {@link #translate}'s answer. */
    int GLOBAL = 1 << 0, MAY_WRITE = 1 << 1, LARGE = 1 << 2;

    /**
     * Translates one linear address with the vCPU's present control registers, RFLAGS.AC and EFER,
     * setting accessed and dirty bits as the processor would.
     *
     * @param linear canonical linear address
     * @param access set of the bits above
     * @return the guest-physical address of the 4-KiB page, with flags in bits 0 to 11: GLOBAL if
     *     the mapping survives a CR3 write, MAY_WRITE if a write with the same USER bit would
     *     succeed now without another walk (dirty already set), LARGE if the mapping is part of a
     *     page of more than 4 KiB (so {@link #flushPage} of another address may concern it); or
     *     FAULT, with {@link #faultErrorCode} telling the #PF error code. CR2 is left to the
     *     caller.
     */
    long translate(long linear, int access);

    /**
     * The error code of the last translation that returned FAULT (SDM Vol. 3A "Page-Fault
     * Exceptions").
     */
    int faultErrorCode();

    /**
     * Translates without side effects: no accessed or dirty bits, no fault state, permissions
     * ignored.
     *
     * @return guest-physical address of {@code linear} (all bits), or FAULT if not mapped
     */
    long probe(long linear);

    /** Drops everything cached, global pages included: CR0, CR4 and EFER writes. */
    void flushAll();

    /** Drops everything but global pages: a CR3 write. */
    void flushNonGlobal();

    /** INVLPG. */
    void flushPage(long linear);

    /**
     * What is cached here. Empty if every translation has to come from {@link #translate};
     * otherwise translated code may walk the guest's tables itself as that would.
     */
    default Optional<SharedMappings> shared() {
        return Optional.empty();
    }

    /**
     * Where translated 32-bit code may find the guest's memory by its linear addresses; always the
     * same. Empty if this has none.
     */
    default Optional<LinearWindow> window() {
        return Optional.empty();
    }

    @Override
    void close();
}
