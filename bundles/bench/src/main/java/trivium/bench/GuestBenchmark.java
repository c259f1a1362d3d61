package trivium.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import trivium.vm.Benchmark;
import trivium.vm.VmException;
import trivium.vm.VmRegistry;
import trivium.vm.VmRegistry.StrategyInfo;

/** Runs the bench guests, beside the same code as programs of the host. */
@Component
public final class GuestBenchmark implements Benchmark {
    /** Looks for mistakes of the others, at the price of both: measured only if somebody asks. */
    private static final Set<String> NOT_FOR_SPEED = Set.of("verify");

    private static final List<Integer> BITS = List.of(32, 64);
    private static final int MOST_REPEATS = 1000;
    private static final String AUTO = "auto";

    private final VmRegistry vms;

    @Activate
    public GuestBenchmark(@Reference VmRegistry vms) {
        this.vms = vms;
    }

    @Override
    public List<String> kernels() {
        return Kernel.words();
    }

    @Override
    public Report run(Plan plan, Consumer<Step> progress) throws VmException, InterruptedException {
        if (plan.repeat() < 0 || plan.repeat() > MOST_REPEATS) {
            throw new VmException(
                    "repeat %d is not from 1 to %d".formatted(plan.repeat(), MOST_REPEATS));
        }
        if (plan.limitSeconds() < 1) {
            throw new VmException(
                    "limit %d is not a number of seconds".formatted(plan.limitSeconds()));
        }
        Rounds rounds = Rounds.of(plan.repeat());
        var run =
                new BenchRun(
                        vms,
                        ways(plan),
                        Kernel.of(plan.kernels()),
                        rounds,
                        plan.limitSeconds(),
                        progress);
        List<Cell> cells = run.run(bits(plan));
        return new Results(Origin.here(), rounds, cells);
    }

    private List<Way> ways(Plan plan) throws VmException {
        List<String> engines = chosen("engine", plan.engines(), vms.engines());
        List<String> mmus = chosen("MMU strategy", plan.mmus(), vms.mmuStrategies());
        List<Way> ways = new ArrayList<>();
        for (String engine : engines) {
            for (String mmu : mmus) {
                ways.add(new Way(engine, mmu));
            }
        }
        return ways;
    }

    /**
     * @return what was asked for, else all that this host can use
     */
    private static List<String> chosen(String kind, List<String> asked, List<StrategyInfo> there)
            throws VmException {
        for (String name : asked) {
            check(kind, name, there);
        }
        List<String> usable =
                there.stream()
                        .filter(s -> s.unsupported().isEmpty() && !NOT_FOR_SPEED.contains(s.name()))
                        .map(StrategyInfo::name)
                        .toList();
        return asked.isEmpty() ? usable : asked.stream().distinct().toList();
    }

    private static void check(String kind, String name, List<StrategyInfo> there)
            throws VmException {
        if (name.equals(AUTO)) {
            return;
        }
        StrategyInfo found =
                there.stream()
                        .filter(s -> s.name().equals(name))
                        .findFirst()
                        .orElseThrow(() ->
                                new VmException(
                                        "no %s '%s'; there are %s"
                                                .formatted(
                                                        kind,
                                                        name,
                                                        String.join(", ", names(there)))));
        if (found.unsupported().isPresent()) {
            throw new VmException(
                    "%s '%s' is not for this host: %s"
                            .formatted(kind, name, found.unsupported().get()));
        }
    }

    private static List<String> names(List<StrategyInfo> there) {
        return there.stream().map(StrategyInfo::name).toList();
    }

    private static List<Integer> bits(Plan plan) throws VmException {
        for (int bits : plan.bits()) {
            if (!BITS.contains(bits)) {
                throw new VmException("%d bits are neither 32 nor 64".formatted(bits));
            }
        }
        return plan.bits().isEmpty() ? BITS : plan.bits().stream().distinct().toList();
    }
}
