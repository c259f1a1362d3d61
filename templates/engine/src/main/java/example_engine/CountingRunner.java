package example_engine;

import java.util.HashMap;
import java.util.Map;
import trivium.cpu.VcpuExit;
import trivium.cpu.VcpuRunner;
import trivium.x86.plain.WrappedRunner;

/** Counts exits by kind; {@code vm:stats} shows them. */
final class CountingRunner extends WrappedRunner {
    // Written by the vCPU's thread alone, read by others, which may see them late.
    private volatile long halts, kicks, others;

    CountingRunner(VcpuRunner runner) {
        super(runner);
    }

    @Override
    public VcpuExit run() {
        return counted(runner.run());
    }

    @Override
    public VcpuExit run(long instructions) {
        return counted(runner.run(instructions));
    }

    @Override
    public VcpuExit step() {
        return counted(runner.step());
    }

    /** Null is no exit. */
    private VcpuExit counted(VcpuExit exit) {
        switch (exit) {
            case null -> {}
            case VcpuExit.Halted _ -> halts = halts + 1;
            case VcpuExit.Kicked _ -> kicks = kicks + 1;
            case VcpuExit.TripleFault _, VcpuExit.Failed _ -> others = others + 1;
        }
        return exit;
    }

    @Override
    public Map<String, Long> counters() {
        Map<String, Long> all = new HashMap<>(runner.counters());
        all.put("exit-halt", halts);
        all.put("exit-kick", kicks);
        all.put("exit-other", others);
        return all;
    }
}
