package trivium.vt;

import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import trivium.cpu.ExecutionEngine;
import trivium.cpu.VcpuExit;
import trivium.cpu.VcpuRunner;
import trivium.mmu.MmuStrategy;

/**
 * Another engine that runs this vCPU for a stretch; attached when first needed. Bound to the vCPU's
 * thread but for the counters.
 */
final class Software implements AutoCloseable {
    private final SoftwareVcpu vcpu;
    private final ExecutionEngine engine;
    private final MmuStrategy mmu;
    private volatile VcpuRunner runner;
    private volatile long earlier;
    private volatile long stretch;

    Software(SoftwareVcpu vcpu, ExecutionEngine engine, MmuStrategy mmu) {
        this.vcpu = vcpu;
        this.engine = engine;
        this.mmu = mmu;
    }

    private VcpuRunner runner() {
        VcpuRunner now = runner;
        if (now == null) {
            now = engine.attach(vcpu, mmu);
            runner = now;
        }
        return now;
    }

    VcpuExit run() {
        return inStretch(VcpuRunner::run);
    }

    VcpuExit run(long instructions) {
        return inStretch(attached -> attached.run(instructions));
    }

    VcpuExit step() {
        return inStretch(VcpuRunner::step);
    }

    private VcpuExit inStretch(Function<VcpuRunner, VcpuExit> way) {
        stretch++;
        try {
            return way.apply(runner());
        } finally {
            stretch++;
        }
    }

    /** A number for the time between two beginnings and ends of {@link #run}. On any thread. */
    long stretch() {
        return stretch;
    }

    /** Whether it is one in which it runs. */
    static boolean running(long stretch) {
        return (stretch & 1) != 0;
    }

    /** See {@link VcpuRunner#wentOnElsewhere}. */
    void wentOnElsewhere() {
        runner().wentOnElsewhere();
    }

    long instructions() {
        VcpuRunner now = runner;
        return earlier + (now == null ? 0 : now.instructions());
    }

    Map<String, Long> counters() {
        VcpuRunner now = runner;
        return now == null ? new TreeMap<>() : new TreeMap<>(now.counters());
    }

    /** Forgets all it cached. */
    @Override
    public void close() {
        VcpuRunner now = runner;
        if (now != null) {
            runner = null;
            earlier += now.instructions();
            now.close();
        }
    }
}
