package trivium.x86.fuzz;

import trivium.cpu.CpuModel;
import trivium.cpu.ExecutionEngine;
import trivium.cpu.Vcpu;
import trivium.cpu.VcpuExit;
import trivium.cpu.VcpuRunner;
import trivium.cpu.VcpuState;
import trivium.mmu.MmuStrategy;

/** One engine on one board. Programs come and go as if by DMA; the runner stays attached. */
final class Side implements AutoCloseable {
    final FuzzVcpu vcpu;
    final VcpuRunner runner;
    private VcpuExit exit;

    Side(ExecutionEngine engine, CpuModel model, MmuStrategy mmu) {
        vcpu = new FuzzVcpu(model);
        runner = engine.attach(vcpu, mmu);
    }

    void load(Program program, Program.Image image) {
        vcpu.reset();
        vcpu.memory.load(image.ram());
        VcpuState s = vcpu.state();
        s.set(program.board().state());
        s.rip = image.codeOffset();
        exit = null;
    }

    /**
     * Runs to the program's end, or until patience ends: at most {@code looks} looks at pending
     * events.
     */
    void run(long looks) {
        vcpu.patience = looks;
        exit = runner.run();
        vcpu.patience = Long.MAX_VALUE;
        vcpu.take(Vcpu.KICK);
    }

    boolean ended() {
        return !(exit instanceof VcpuExit.Kicked);
    }

    VcpuExit exit() {
        return exit;
    }

    /** Null if this side ended as the expected one did. */
    String difference(Side expected, int ignoredFlags) {
        if (!exit.equals(expected.exit)) {
            return "exit %s, expected %s".formatted(exit, expected.exit);
        }
        String state = StateDifference.of(vcpu.state(), expected.vcpu.state(), ignoredFlags);
        if (state != null) {
            return state;
        }
        if (!vcpu.log.sameAs(expected.vcpu.log)) {
            return vcpu.log.difference(expected.vcpu.log);
        }
        int at = vcpu.memory.difference(expected.vcpu.memory);
        return at < 0 ? null : memory(at & -8, expected);
    }

    private String memory(int at, Side expected) {
        return "memory %#x: %#x, expected %#x"
                .formatted(at, vcpu.memory.read(at, 8), expected.vcpu.memory.read(at, 8));
    }

    @Override
    public void close() {
        runner.close();
        vcpu.memory.close();
    }
}
