package trivium.x86.fuzz;

import java.util.Map;
import trivium.cpu.ExecutionEngine;
import trivium.cpu.Host;
import trivium.cpu.Support;
import trivium.cpu.Vcpu;
import trivium.cpu.VcpuExit;
import trivium.cpu.VcpuRunner;
import trivium.mmu.MmuStrategy;
import trivium.x86.InterpreterEngine;

/** An engine one instruction at a time: no blocks, none chained, and of the interpreter no TLB. */
public final class SteppingEngine implements ExecutionEngine {
    private final ExecutionEngine engine;

    SteppingEngine() {
        this(new InterpreterEngine());
    }

    public SteppingEngine(ExecutionEngine engine) {
        this.engine = engine;
    }

    @Override
    public String name() {
        return "stepping";
    }

    @Override
    public String description() {
        return engine.name() + ", one instruction at a time";
    }

    @Override
    public Support supportOn(Host host) {
        return engine.supportOn(host);
    }

    @Override
    public VcpuRunner attach(Vcpu vcpu, MmuStrategy mmu) {
        VcpuRunner runner = engine.attach(vcpu, mmu);
        return new VcpuRunner() {
            @Override
            public VcpuExit run() {
                VcpuExit exit = null;
                while (exit == null) {
                    exit = runner.step();
                }
                return exit;
            }

            @Override
            public VcpuExit step() {
                return runner.step();
            }

            @Override
            public long instructions() {
                return runner.instructions();
            }

            @Override
            public Map<String, Long> counters() {
                return runner.counters();
            }

            @Override
            public void close() {
                runner.close();
            }
        };
    }
}
