package trivium.x86.plain;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import trivium.cpu.Host;
import trivium.cpu.Support;
import trivium.cpu.Vcpu;
import trivium.memory.DirtyLog;
import trivium.memory.PhysicalMemory;
import trivium.mmu.Mmu;
import trivium.mmu.MmuStrategy;
import trivium.x86.fuzz.WalkingStrategy;

class WrappedStrategyTest {
    /** A strategy that can tell what is written. */
    private record Logging(DirtyLog log) implements MmuStrategy {
        @Override
        public String name() {
            return "logging";
        }

        @Override
        public String description() {
            return "has a log";
        }

        @Override
        public Support supportOn(Host host) {
            return Support.YES;
        }

        @Override
        public Mmu attach(Vcpu vcpu) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Optional<DirtyLog> logDirty(PhysicalMemory memory) {
            return Optional.of(log);
        }
    }

    @Test
    void theLogOfWrittenPagesIsTheStrategysOwn() {
        DirtyLog log = log();
        try (Arena arena = Arena.ofConfined()) {
            var memory = new PlainMemory(arena, 4096);

            assertThat(wrapped(new Logging(log)).logDirty(memory)).containsSame(log);
            assertThat(wrapped(new WalkingStrategy()).logDirty(memory)).isEmpty();
        }
    }

    private static WrappedStrategy wrapped(MmuStrategy strategy) {
        return new WrappedStrategy(strategy, UnaryOperator.identity());
    }

    private static DirtyLog log() {
        return (DirtyLog)
                java.lang.reflect.Proxy.newProxyInstance(
                        DirtyLog.class.getClassLoader(),
                        new Class<?>[] {DirtyLog.class},
                        (self, method, arguments) ->
                                method.getName().equals("equals")
                                        ? self == arguments[0]
                                        : method.getName());
    }
}
