package trivium.console;

import java.util.List;
import java.util.function.Consumer;
import trivium.vm.Benchmark;
import trivium.vm.VmException;

/** Measures nothing, and remembers what was asked for. */
final class FakeBenchmark implements Benchmark {
    Plan asked;
    Look look;
    boolean right = true, interrupted;

    @Override
    public List<String> kernels() {
        return List.of("chase", "all");
    }

    @Override
    public Report run(Plan plan, Consumer<Step> progress) throws VmException, InterruptedException {
        if (plan.engines().contains("qemu")) {
            throw new VmException("no engine 'qemu'; there are bt");
        }
        asked = plan;
        progress.accept(new Step(0, 2, "chase, 32-bit, bt softtlb"));
        if (interrupted) {
            throw new InterruptedException();
        }
        return new Report() {
            @Override
            public String text(Look wanted) {
                look = wanted;
                return "chart\n";
            }

            @Override
            public String svg() {
                return "<svg/>";
            }

            @Override
            public String json() {
                return "{}";
            }

            @Override
            public boolean right() {
                return right;
            }
        };
    }
}
