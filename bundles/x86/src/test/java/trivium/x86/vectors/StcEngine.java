package trivium.x86.vectors;

import java.util.Map;
import trivium.cpu.ExecutionEngine;
import trivium.cpu.Host;
import trivium.cpu.Support;
import trivium.cpu.Vcpu;
import trivium.cpu.VcpuExit;
import trivium.cpu.VcpuRunner;
import trivium.cpu.VcpuState;
import trivium.mmu.MmuStrategy;

/** An engine that knows STC and HLT in 16-bit real mode and 64-bit code: enough to try a runner. */
final class StcEngine implements ExecutionEngine {
    @Override
    public String name() {
        return "stc";
    }

    @Override
    public String description() {
        return "executes STC only";
    }

    @Override
    public Support supportOn(Host host) {
        return Support.YES;
    }

    @Override
    public VcpuRunner attach(Vcpu vcpu, MmuStrategy mmu) {
        return new VcpuRunner() {
            @Override
            public VcpuExit run() {
                throw new UnsupportedOperationException();
            }

            @Override
            public VcpuExit step() {
                VcpuState s = vcpu.state();
                // In long mode the code is at frame 5000, as the board lays memory out.
                long gpa =
                        s.efer == 0
                                ? s.segments[VcpuState.CS].base + s.rip
                                : 0x5000 + (s.rip & 0xfff);
                int opcode = (int) vcpu.memory().read(gpa, 1);
                s.rip++;
                if (opcode == 0xf9) {
                    s.rflags |= 1;
                    return null;
                }
                return opcode == 0xf4 ? VcpuExit.HALTED : VcpuExit.TRIPLE_FAULT;
            }

            @Override
            public long instructions() {
                return 0;
            }

            @Override
            public Map<String, Long> counters() {
                return Map.of();
            }

            @Override
            public void close() {}
        };
    }
}
