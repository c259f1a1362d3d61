package trivium.memory;

import java.util.BitSet;
import org.osgi.annotation.versioning.ProviderType;

/**
 * Which pages of a VM's memory were written. From {@link trivium.mmu.MmuStrategy#logDirty}; it sees
 * what vCPUs write under that strategy, and what devices write.
 */
@ProviderType
public interface DirtyLog extends AutoCloseable {
    /**
     * Takes what was written since the last call, or since the log began. Exact while no vCPU runs;
     * of one that runs, a store shortly afterwards to a page that is told now may be told never:
     * pause the VM for the call.
     *
     * @return numbers of pages: {@code gpa >>> 12}
     */
    BitSet collect();

    /** Ends the log. */
    @Override
    void close();
}
