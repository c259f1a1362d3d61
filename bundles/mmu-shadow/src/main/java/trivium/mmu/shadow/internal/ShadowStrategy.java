package trivium.mmu.shadow.internal;

import java.io.IOException;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import trivium.cpu.Host;
import trivium.cpu.Support;
import trivium.cpu.Vcpu;
import trivium.hostos.AddressWindow;
import trivium.hostos.FaultRedirection;
import trivium.mmu.Mmu;
import trivium.mmu.MmuStrategy;

/**
 * Shadow page tables, as a process can have them: what the guest's tables map is mapped once more
 * at its linear addresses, and the host's MMU checks every access. It translates as {@code softtlb}
 * does; engines that know nothing of windows run as on that.
 */
@Component
public final class ShadowStrategy implements MmuStrategy {
    private static final Logger LOG = LoggerFactory.getLogger(ShadowStrategy.class);
    private static final String SOFTTLB =
            "(component.name=trivium.mmu.softtlb.internal.SoftTlbStrategy)";

    private final MmuStrategy tables;

    @Activate
    public ShadowStrategy(@Reference(target = SOFTTLB) MmuStrategy tables) {
        this.tables = tables;
    }

    @Override
    public String name() {
        return "shadow";
    }

    @Override
    public String description() {
        return "softtlb, and windows in which hot 32-bit code finds memory by linear address";
    }

    @Override
    public Support supportOn(Host host) {
        boolean fits = host.architecture().equals("amd64") && AddressWindow.available();
        return fits && FaultRedirection.available()
                ? Support.YES
                : new Support.No(
                        "needs x86-64 Linux, to map memory twice and to catch faults; this is "
                                + host.operatingSystem()
                                + " "
                                + host.architecture());
    }

    @Override
    public Mmu attach(Vcpu vcpu) {
        Mmu mmu = tables.attach(vcpu);
        try {
            return new Shadow(mmu, new ShadowWindow(vcpu.index()));
        } catch (IOException e) {
            LOG.warn("vCPU {} goes on without a window", vcpu.index(), e);
            return mmu;
        }
    }
}
