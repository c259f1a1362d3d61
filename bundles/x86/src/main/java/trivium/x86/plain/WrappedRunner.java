package trivium.x86.plain;

import java.util.Map;
import trivium.cpu.VcpuExit;
import trivium.cpu.VcpuRunner;

/** Another runner, of which subclasses change something. Counted runs go by single steps. */
public abstract class WrappedRunner implements VcpuRunner {
    protected final VcpuRunner runner;

    protected WrappedRunner(VcpuRunner runner) {
        this.runner = runner;
    }

    @Override
    public VcpuExit run() {
        return runner.run();
    }

    @Override
    public VcpuExit step() {
        return runner.step();
    }

    @Override
    public void wentOnElsewhere() {
        runner.wentOnElsewhere();
    }

    @Override
    public void kick() {
        runner.kick();
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
}
