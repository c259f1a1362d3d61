package trivium.mmu;

import java.util.Optional;
import org.osgi.annotation.versioning.ConsumerType;
import trivium.cpu.Host;
import trivium.cpu.Support;
import trivium.cpu.Vcpu;
import trivium.memory.DirtyLog;
import trivium.memory.PhysicalMemory;

/** One way to turn linear addresses into guest-physical ones and to cache the result. */
@ConsumerType
public interface MmuStrategy {
    /** "softtlb", "shadow", "nested". Unique among the strategies of an appliance. */
    String name();

    /** One line for {@code hv:engines}. */
    String description();

    Support supportOn(Host host);

    Mmu attach(Vcpu vcpu);

    /**
     * Begins to note which pages of a VM are written; one log at a time. Empty if this strategy
     * cannot tell.
     *
     * @throws IllegalStateException if there is a log already
     */
    default Optional<DirtyLog> logDirty(PhysicalMemory memory) {
        return Optional.empty();
    }
}
