package trivium.mmu.nested.internal;

import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Optional;
import org.osgi.service.component.annotations.Component;
import trivium.cpu.Host;
import trivium.cpu.Support;
import trivium.cpu.Vcpu;
import trivium.memory.DirtyLog;
import trivium.memory.PhysicalMemory;
import trivium.mmu.Mmu;
import trivium.mmu.MmuStrategy;

/** Publishes {@link Nested}; keeps one {@link SecondLevel} for each VM that uses it. */
@Component
public final class NestedStrategy implements MmuStrategy {
    /** Guarded by this. */
    private final Map<PhysicalMemory, SecondLevel> levels = new IdentityHashMap<>();

    @Override
    public String name() {
        return "nested";
    }

    @Override
    public String description() {
        return "adds a second level in EPT format, which knows the pages that are written";
    }

    @Override
    public Support supportOn(Host host) {
        return Support.YES;
    }

    @Override
    public Mmu attach(Vcpu vcpu) {
        SecondLevel level = use(vcpu.memory());
        return new Nested(vcpu, level, () -> release(level));
    }

    @Override
    public Optional<DirtyLog> logDirty(PhysicalMemory memory) {
        SecondLevel level = use(memory);
        try {
            return Optional.of(level.log(() -> release(level)));
        } catch (IllegalStateException e) {
            release(level);
            throw e;
        }
    }

    private synchronized SecondLevel use(PhysicalMemory memory) {
        SecondLevel level = levels.computeIfAbsent(memory, SecondLevel::new);
        level.use();
        return level;
    }

    private synchronized void release(SecondLevel level) {
        if (level.release()) {
            levels.remove(level.memory);
        }
    }
}
