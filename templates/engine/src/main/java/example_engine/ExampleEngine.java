package example_engine;

import org.osgi.service.component.annotations.Component;
import trivium.cpu.ExecutionEngine;
import trivium.cpu.Host;
import trivium.cpu.Support;
import trivium.cpu.Vcpu;
import trivium.cpu.VcpuRunner;
import trivium.mmu.MmuStrategy;
import trivium.x86.InterpreterEngine;

/**
 * The interpreter of the bundle x86, with what comes out of it counted. It has no state of its own:
 * that is the vCPU's ({@link Vcpu#state}), which is why a running VM can be moved here and away. It
 * makes no estimate of its speed, so policy does not choose it by itself, but people can.
 */
@Component
public final class ExampleEngine implements ExecutionEngine {
    private final ExecutionEngine interpreter = new InterpreterEngine();

    @Override
    public String name() {
        return "example-engine";
    }

    @Override
    public String description() {
        return "the interpreter, with exits counted";
    }

    /** An engine that needs something of the host says here what is missing. */
    @Override
    public Support supportOn(Host host) {
        return Support.YES;
    }

    /** For one vCPU, on its thread. */
    @Override
    public VcpuRunner attach(Vcpu vcpu, MmuStrategy mmu) {
        return new CountingRunner(interpreter.attach(vcpu, mmu));
    }
}
