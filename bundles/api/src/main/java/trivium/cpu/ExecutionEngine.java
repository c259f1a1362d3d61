package trivium.cpu;

import org.osgi.annotation.versioning.ConsumerType;
import trivium.mmu.MmuStrategy;

/** Runs vCPUs in one way. Caches what it likes; the truth is the vCPU's canonical state. */
@ConsumerType
public interface ExecutionEngine {
    /** "interpreter", "bt", "vt", "vmi". Unique among the engines of an appliance. */
    String name();

    /** One line for {@code hv:engines}. */
    String description();

    Support supportOn(Host host);

    /**
     * Whether it was found, by measurement, to run every kind of guest code at about the speed of
     * the host's CPU here: "auto" then takes it before others.
     */
    default boolean preferredOn(Host host) {
        return false;
    }

    /** For "auto", which weighs it with what a guest runs; may measure at its first call. */
    default Estimate estimateOn(Host host) {
        return Estimate.NONE;
    }

    VcpuRunner attach(Vcpu vcpu, MmuStrategy mmu);
}
