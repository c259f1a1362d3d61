package trivium.machine.life;

import trivium.cpu.ExecutionEngine;
import trivium.mmu.MmuStrategy;

/** An engine with a strategy: what a vCPU runs on. Equal only with the very same services. */
record EngineMode(ExecutionEngine engine, MmuStrategy strategy) {
    boolean uses(Object part) {
        return engine == part || strategy == part;
    }

    boolean same(EngineMode other) {
        return other != null && engine == other.engine && strategy == other.strategy;
    }

    @Override
    public String toString() {
        return engine.name() + "/" + strategy.name();
    }
}
