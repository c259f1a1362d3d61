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

/** The interpreter one instruction at a time: decoding anew, no chained blocks, no kept TLB. */
final class SteppingEngine implements ExecutionEngine {
    private final ExecutionEngine interpreter = new InterpreterEngine();

    @Override
    public String name() {
        return "stepping";
    }

    @Override
    public String description() {
        return "the interpreter, one instruction at a time";
    }

    @Override
    public Support supportOn(Host host) {
        return Support.YES;
    }

    @Override
    public VcpuRunner attach(Vcpu vcpu, MmuStrategy mmu) {
        VcpuRunner runner = interpreter.attach(vcpu, mmu);
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
