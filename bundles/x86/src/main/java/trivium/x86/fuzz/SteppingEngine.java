package trivium.x86.fuzz;

import trivium.cpu.ExecutionEngine;
import trivium.cpu.Host;
import trivium.cpu.Support;
import trivium.cpu.Vcpu;
import trivium.cpu.VcpuExit;
import trivium.cpu.VcpuRunner;
import trivium.mmu.MmuStrategy;
import trivium.x86.InterpreterEngine;
import trivium.x86.plain.WrappedRunner;

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
        return new WrappedRunner(engine.attach(vcpu, mmu)) {
            @Override
            public VcpuExit run() {
                VcpuExit exit = null;
                while (exit == null) {
                    exit = runner.step();
                }
                return exit;
            }
        };
    }
}
