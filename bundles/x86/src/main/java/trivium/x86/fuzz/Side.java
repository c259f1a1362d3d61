package trivium.x86.fuzz;

import java.util.Objects;
import trivium.cpu.CpuModel;
import trivium.cpu.ExecutionEngine;
import trivium.cpu.Vcpu;
import trivium.cpu.VcpuExit;
import trivium.cpu.VcpuRunner;
import trivium.cpu.VcpuState;
import trivium.mmu.Mmu;
import trivium.mmu.MmuStrategy;
import trivium.x86.plain.WrappedStrategy;

/** One engine on one board. Programs come and go as if by DMA; the runner stays attached. */
final class Side implements AutoCloseable {
    final FuzzVcpu vcpu;
    final VcpuRunner runner;

    /** The engine's: page tables change unseen between programs. */
    private Mmu attached;

    private VcpuExit exit;
    private long retired;

    Side(ExecutionEngine engine, CpuModel model, MmuStrategy mmu) {
        vcpu = new FuzzVcpu(model);
        runner = engine.attach(vcpu, new WrappedStrategy(mmu, now -> attached = now));
    }

    void load(Program program, Program.Image image) {
        vcpu.reset();
        if (attached != null) {
            attached.flushAll();
        }
        vcpu.memory.load(image.ram());
        VcpuState s = vcpu.state();
        s.set(program.board().state());
        s.rip = image.codeOffset();
        exit = null;
        retired = 0;
    }

    /** Runs that many instructions, or to the program's end. */
    void run(long instructions) {
        long before = runner.instructions();
        exit = runner.run(instructions);
        retired += runner.instructions() - before;
    }

    /** Runs freely: the program ends. */
    void run() {
        long before = runner.instructions();
        exit = runner.run();
        retired += runner.instructions() - before;
        vcpu.take(Vcpu.KICK);
    }

    /** Whether the program came to its end: a HLT, or worse. */
    boolean ended() {
        return exit != null;
    }

    /** Whether it went nowhere so often that nobody waited for its end. */
    boolean kicked() {
        return exit instanceof VcpuExit.Kicked;
    }

    /** Instructions of this program. */
    long retired() {
        return retired;
    }

    /** Null if this side ended as the expected one did. */
    String difference(Side expected, int ignoredFlags) {
        if (!Objects.equals(exit, expected.exit)) {
            return "exit %s, expected %s".formatted(exit, expected.exit);
        }
        String state = StateDifference.of(vcpu.state(), expected.vcpu.state(), ignoredFlags);
        if (state != null) {
            return state;
        }
        if (!vcpu.log.sameAs(expected.vcpu.log)) {
            return vcpu.log.difference(expected.vcpu.log);
        }
        if (retired != expected.retired) {
            return "%d instructions, expected %d".formatted(retired, expected.retired);
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
