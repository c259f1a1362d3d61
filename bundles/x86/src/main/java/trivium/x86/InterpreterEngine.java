package trivium.x86;

import org.osgi.service.component.annotations.Component;
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

    @Override
    public VcpuRunner attach(Vcpu vcpu, MmuStrategy mmu) {
        return new Interpreter(vcpu, mmu.attach(vcpu));
    }
}
