package trivium.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import trivium.vm.Benchmark.Plan;
import trivium.vm.VmException;

/** The options of {@code trivium bench}, parsed. */
final class BenchOptions extends Options {
    static final String USAGE =
            """
            Usage: trivium bench [OPTION]...
            Measures how fast guests run under each engine and MMU strategy, relative to the same code
            run on the host, and draws a chart. Without options it takes about a minute.
              --engine NAME     only this engine; may be repeated
              --mmu NAME        only this MMU strategy; may be repeated
              --bits N          only 32 or 64
              --kernel NAME     a kernel, or compute, system or all; may be repeated
              --repeat N        runs of each, the median counts (default: 3, what takes long once)
              --limit SECONDS   what takes longer is given up (default: 60)
              --svg FILE        writes the chart as SVG
              --json FILE       writes every figure
              --ascii           draws without Unicode and colours
            Exit status: 0 all results were right, 2 wrong usage, 3 some were wrong, 130 interrupted.
            """;

    private final List<String> engines = new ArrayList<>(), mmus = new ArrayList<>();
    private final List<String> kernels = new ArrayList<>();
    private final List<Integer> bits = new ArrayList<>();
    private int repeat = Plan.USUAL_REPEAT, limitSeconds = Plan.LIMIT_SECONDS;
    Optional<Path> svg = Optional.empty(), json = Optional.empty();
    boolean ascii, help;

    /**
     * @throws VmException with one sentence about the first option that is wrong
     */
    static BenchOptions parse(List<String> args) throws VmException {
        BenchOptions options = new BenchOptions();
        options.takeAll(args);
        return options;
    }

    @Override
    void take(String option, Iterator<String> rest) throws VmException {
        switch (option) {
            case "--engine" -> engines.add(value(option, rest));
            case "--mmu" -> mmus.add(value(option, rest));
            case "--kernel" -> kernels.add(value(option, rest));
            case "--bits" -> bits.add(number(option, rest));
            case "--repeat" -> repeat = number(option, rest);
            case "--limit" -> limitSeconds = number(option, rest);
            case "--svg" -> svg = Optional.of(path(option, rest));
            case "--json" -> json = Optional.of(path(option, rest));
            case "--ascii" -> ascii = true;
            case "--help", "-h" -> help = true;
            default ->
                    throw new VmException(
                            "no option '%s'; trivium bench --help lists them".formatted(option));
        }
    }

    Plan plan() {
        return new Plan(engines, mmus, bits, kernels, repeat, limitSeconds);
    }

    private static int number(String option, Iterator<String> rest) throws VmException {
        String text = value(option, rest);
        try {
            return Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw new VmException("%s %s is not a number".formatted(option, text), e);
        }
    }
}
