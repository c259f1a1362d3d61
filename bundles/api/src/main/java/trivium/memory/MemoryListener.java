package trivium.memory;

import org.osgi.annotation.versioning.ConsumerType;

/** Told of changes that make cached host addresses or cached code stale. On any thread. */
@ConsumerType
public interface MemoryListener {
    /** Host addresses handed out before are stale: a BAR moved, A20 changed, RAM was remapped. */
    void mappingChanged();

    /**
     * Host addresses for stores are stale, those for loads are not: somebody wants to be asked anew
     * before each page is written.
     */
    default void storesStale() {
        mappingChanged();
    }

    /**
     * The page holding {@code gpa} holds code from now on, or is watched by a second one: its
     * writable host address is stale.
     */
    void codeTracked(long gpa);

    /**
     * Bytes of a tracked page were just written, by a vCPU or by a device. Never crosses a page.
     */
    void codeWritten(long gpa, int length);
}
