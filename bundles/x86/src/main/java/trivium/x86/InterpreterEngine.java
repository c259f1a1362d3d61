package trivium.x86;

import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import org.osgi.service.component.annotations.Component;
import trivium.cpu.CodeKind;
import trivium.cpu.Estimate;
import trivium.cpu.ExecutionEngine;
import trivium.cpu.Host;
import trivium.cpu.Support;
import trivium.cpu.Vcpu;
import trivium.cpu.VcpuRunner;
import trivium.mmu.MmuStrategy;
import trivium.x86.interp.Interpreter;

/** The reference engine: plain Java, exact, on every host. */
@Component
public final class InterpreterEngine implements ExecutionEngine {
    private static final double SHARE_OF_NATIVE = 0.03;

    @Override
    public String name() {
        return "interpreter";
    }

    @Override
    public String description() {
        return "reference interpreter in plain Java: runs everything, on every host";
    }

    @Override
    public Support supportOn(Host host) {
        return Support.YES;
    }

    /** Some 100 million instructions a second, of whatever kind. */
    @Override
    public Estimate estimateOn(Host host) {
        Map<CodeKind, Double> speeds = new EnumMap<>(CodeKind.class);
        for (CodeKind kind : CodeKind.values()) {
            speeds.put(kind, SHARE_OF_NATIVE);
        }
        return new Estimate(speeds, Optional.empty());
    }

    @Override
    public VcpuRunner attach(Vcpu vcpu, MmuStrategy mmu) {
        return new Interpreter(vcpu, mmu.attach(vcpu));
    }
}
