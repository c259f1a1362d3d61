package trivium.mmu;

import org.osgi.annotation.versioning.ConsumerType;
import trivium.cpu.Host;
import trivium.cpu.Support;
import trivium.cpu.Vcpu;

/** One way to turn linear addresses into guest-physical ones and to cache the result. */
@ConsumerType
public interface MmuStrategy {
    /** "softtlb", "shadow", "nested". Unique among the strategies of an appliance. */
    String name();

    /** One line for {@code hv:engines}. */
    String description();

    Support supportOn(Host host);

    Mmu attach(Vcpu vcpu);
}
