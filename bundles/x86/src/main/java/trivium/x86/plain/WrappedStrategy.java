package trivium.x86.plain;

import java.util.Optional;
import java.util.function.UnaryOperator;
import trivium.cpu.Host;
import trivium.cpu.Support;
import trivium.cpu.Vcpu;
import trivium.memory.DirtyLog;
import trivium.memory.PhysicalMemory;
import trivium.mmu.Mmu;
import trivium.mmu.MmuStrategy;

/**
 * Another strategy whose MMUs are seen, or replaced, when they are attached.
 *
 * @param wrap gives the MMU to use for the one attached
 */
public record WrappedStrategy(MmuStrategy strategy, UnaryOperator<Mmu> wrap)
        implements MmuStrategy {
    @Override
    public String name() {
        return strategy.name();
    }

    @Override
    public String description() {
        return strategy.description();
    }

    @Override
    public Support supportOn(Host host) {
        return strategy.supportOn(host);
    }

    @Override
    public Mmu attach(Vcpu vcpu) {
        return wrap.apply(strategy.attach(vcpu));
    }

    /** What is written is the strategy's to know: whoever replaces its MMUs calls them. */
    @Override
    public Optional<DirtyLog> logDirty(PhysicalMemory memory) {
        return strategy.logDirty(memory);
    }
}
