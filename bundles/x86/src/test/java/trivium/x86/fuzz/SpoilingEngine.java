package trivium.x86.fuzz;

import java.util.function.Consumer;
import trivium.cpu.ExecutionEngine;
import trivium.cpu.Host;
import trivium.cpu.Support;
import trivium.cpu.Vcpu;
import trivium.cpu.VcpuExit;
import trivium.cpu.VcpuRunner;
import trivium.cpu.VcpuState;
import trivium.mmu.MmuStrategy;
import trivium.x86.plain.WrappedRunner;

/** An engine that spoils the state whenever it comes back. */
record SpoilingEngine(ExecutionEngine right, Consumer<VcpuState> spoil) implements ExecutionEngine {
    @Override
    public String name() {
        return "spoiling";
    }

    @Override
    public String description() {
        return "makes a mistake";
    }

    @Override
    public Support supportOn(Host host) {
        return Support.YES;
    }

    @Override
    public VcpuRunner attach(Vcpu vcpu, MmuStrategy mmu) {
        return new WrappedRunner(right.attach(vcpu, mmu)) {
            @Override
            public VcpuExit run() {
                return spoiled(super.run());
            }

            @Override
            public VcpuExit step() {
                return spoiled(super.step());
            }

            private VcpuExit spoiled(VcpuExit exit) {
                spoil.accept(vcpu.state());
                return exit;
            }
        };
    }
}
