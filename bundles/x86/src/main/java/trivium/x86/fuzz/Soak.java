package trivium.x86.fuzz;

import java.io.IOException;
import java.io.PrintStream;
import java.util.List;
import java.util.Optional;
import java.util.function.LongFunction;
import java.util.function.LongSupplier;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import trivium.cpu.ExecutionEngine;
import trivium.mmu.MmuStrategy;

/** Random programs against one engine for some time, with counts: the command {@code soak}. */
public final class Soak {
    public static final String USAGE =
            """
            Usage: soak [--engine E] [--mmu M] [--minutes N] [--programs N] [--seed S] [--mix M]
            Runs random programs on an engine and on the interpreter and compares their ends.
              --engine E    the engine: %s (default: the first)
              --mmu M       its MMU strategy: %s (default: the first)
              --minutes N   how long (default: 1)
              --programs N  how many at most
              --seed S      the first program's seed; the next ones count up (default: 1)
              --mix M       integer, all, hostile, system (default: these in turn), floats; native: user code
                            on the host's own CPU as well
            """;

    private static final long REPORT_NANOS = 60_000_000_000L;
    private static final int MOST_REPORTS = 10;

    private final List<ExecutionEngine> engines;
    private final List<MmuStrategy> strategies;
    private ExecutionEngine candidate;
    private MmuStrategy mmu;
    private long minutes = 1, programs = Long.MAX_VALUE, seed = 1;
    private Generator.Mix mix;
    private boolean onHost;
    private long same, undefined, different;

    /**
     * @param engines at least one; the first is the default
     * @param strategies the same
     */
    public Soak(List<ExecutionEngine> engines, List<MmuStrategy> strategies) {
        this.engines = List.copyOf(engines);
        this.strategies = List.copyOf(strategies);
        candidate = engines.getFirst();
        mmu = strategies.getFirst();
    }

    /**
     * @return 0 if nothing differed, 1 if something did, 2 for wrong usage
     */
    public int run(List<String> args, PrintStream out) {
        if (args.size() % 2 != 0) {
            out.print(USAGE.formatted(names(), strategyNames()));
            return args.equals(List.of("--help")) ? 0 : 2;
        }
        try {
            for (int i = 0; i < args.size(); i += 2) {
                option(args.get(i), args.get(i + 1));
            }
        } catch (IllegalArgumentException e) {
            out.println("soak: " + e.getMessage());
            return 2;
        }
        if (!onHost) {
            soak(out);
        } else if (!soakOnHost(out)) {
            return 2;
        }
        return different == 0 ? 0 : 1;
    }

    private void option(String name, String value) {
        switch (name) {
            case "--engine" -> candidate = engine(value);
            case "--mmu" -> mmu = strategy(value);
            case "--minutes" -> minutes = Long.parseLong(value);
            case "--programs" -> programs = Long.parseLong(value);
            case "--seed" -> seed = Long.parseLong(value);
            case "--mix" -> {
                onHost = value.equals("native");
                mix =
                        switch (value) {
                            case "integer" -> Generator.Mix.INTEGER;
                            case "all" -> Generator.Mix.ALL;
                            case "floats" -> Generator.Mix.FLOATS;
                            case "hostile" -> Generator.Mix.HOSTILE;
                            case "system" -> Generator.Mix.SYSTEM;
                            case "native" -> null;
                            default -> throw new IllegalArgumentException("no mix '" + value + "'");
                        };
            }
            default -> throw new IllegalArgumentException("no option '" + name + "'");
        }
    }

    private String names() {
        return engines.stream().map(ExecutionEngine::name).collect(Collectors.joining(", "));
    }

    private String strategyNames() {
        return strategies.stream().map(MmuStrategy::name).collect(Collectors.joining(", "));
    }

    private MmuStrategy strategy(String name) {
        return strategies.stream()
                .filter(strategy -> strategy.name().equals(name))
                .findFirst()
                .orElseThrow(() ->
                        new IllegalArgumentException(
                                "no MMU strategy '%s'; there are %s"
                                        .formatted(name, strategyNames())));
    }

    private ExecutionEngine engine(String name) {
        return engines.stream()
                .filter(engine -> engine.name().equals(name))
                .findFirst()
                .orElseThrow(() ->
                        new IllegalArgumentException(
                                "no engine '%s'; there are %s".formatted(name, names())));
    }

    /** What compares, and counts of what it ran. */
    private record Checks(
            LongFunction<Differ.Outcome> check,
            LongSupplier instructions,
            ToLongFunction<String> counter) {}

    private void soak(PrintStream out) {
        Generator.Mix[] mixes = {
            Generator.Mix.INTEGER, Generator.Mix.ALL, Generator.Mix.HOSTILE, Generator.Mix.SYSTEM
        };
        try (Differ differ = new Differ(candidate, mmu)) {
            LongFunction<Differ.Outcome> check =
                    n ->
                            differ.check(
                                    seed + n, mix != null ? mix : mixes[(int) (n % mixes.length)]);
            soak(new Checks(check, differ::instructions, differ::counter), out);
        }
    }

    /**
     * @return false if the host cannot
     */
    private boolean soakOnHost(PrintStream out) {
        Optional<String> missing = HostDiffer.missing();
        if (missing.isPresent()) {
            out.println("soak: no programs on the host's CPU: " + missing.get());
            return false;
        }
        try (HostDiffer differ = new HostDiffer(candidate)) {
            LongFunction<Differ.Outcome> check = n -> differ.check(seed + n);
            soak(new Checks(check, differ::instructions, differ::counter), out);
            return true;
        } catch (IOException e) {
            out.println("soak: " + e.getMessage());
            return false;
        }
    }

    private void soak(Checks checks, PrintStream out) {
        long start = System.nanoTime(), told = start;
        for (long n = 0; n < programs && different < MOST_REPORTS; n++) {
            long now = System.nanoTime();
            if (now - start > minutes * 60_000_000_000L) {
                break;
            }
            if (now - told > REPORT_NANOS) {
                told = now;
                total(out, now - start, checks);
            }
            count(checks.check.apply(n), out);
        }
        total(out, System.nanoTime() - start, checks);
    }

    private void count(Differ.Outcome outcome, PrintStream out) {
        switch (outcome) {
            case Differ.Same _ -> same++;
            case Differ.Undefined _ -> undefined++;
            case Differ.Different(long _, String report) -> {
                different++;
                out.println(report);
            }
        }
    }

    private void total(PrintStream out, long nanos, Checks checks) {
        out.printf(
                "%d s: %d programs equal, %d different, %d undefined;"
                        + " %d instructions, %d exceptions, %d instructions native%n",
                nanos / 1_000_000_000,
                same,
                different,
                undefined,
                checks.instructions.getAsLong(),
                checks.counter.applyAsLong("exceptions"),
                checks.counter.applyAsLong("instructions-native"));
    }

    /** The interpreter's single steps against its blocks: tries the tester itself. */
    public static void main(String[] args) {
        System.exit(
                new Soak(List.of(new SteppingEngine()), List.of(new WalkingStrategy()))
                        .run(List.of(args), System.out));
    }
}
