package trivium.x86.fuzz;

import java.io.PrintStream;
import java.util.List;
import trivium.cpu.ExecutionEngine;

/** Random programs against one engine for some time, with counts: the command {@code soak}. */
public final class Soak {
    public static final String USAGE =
            """
            Usage: soak [--minutes N] [--programs N] [--seed S] [--mix integer|all|floats|hostile]
            Runs random programs on an engine and on the interpreter and compares their ends.
            """;

    private static final long REPORT_NANOS = 60_000_000_000L;
    private static final int MOST_REPORTS = 10;

    private final ExecutionEngine candidate;
    private long minutes = 1, programs = Long.MAX_VALUE, seed = 1;
    private Generator.Mix mix;
    private long same, undefined, different;

    public Soak(ExecutionEngine candidate) {
        this.candidate = candidate;
    }

    /**
     * @return 0 if nothing differed, 1 if something did, 2 for wrong usage
     */
    public int run(List<String> args, PrintStream out) {
        try {
            for (int i = 0; i + 1 < args.size(); i += 2) {
                option(args.get(i), args.get(i + 1));
            }
        } catch (IllegalArgumentException e) {
            out.println("soak: " + e.getMessage());
            return 2;
        }
        if (args.size() % 2 != 0) {
            out.print(USAGE);
            return 2;
        }
        soak(out);
        return different == 0 ? 0 : 1;
    }

    private void option(String name, String value) {
        switch (name) {
            case "--minutes" -> minutes = Long.parseLong(value);
            case "--programs" -> programs = Long.parseLong(value);
            case "--seed" -> seed = Long.parseLong(value);
            case "--mix" ->
                    mix =
                            switch (value) {
                                case "integer" -> Generator.Mix.INTEGER;
                                case "all" -> Generator.Mix.ALL;
                                case "floats" -> Generator.Mix.FLOATS;
                                case "hostile" -> Generator.Mix.HOSTILE;
                                default ->
                                        throw new IllegalArgumentException(
                                                "no mix '" + value + "'");
                            };
            default -> throw new IllegalArgumentException("no option '" + name + "'");
        }
    }

    private void soak(PrintStream out) {
        Generator.Mix[] mixes = {Generator.Mix.INTEGER, Generator.Mix.ALL, Generator.Mix.HOSTILE};
        long start = System.nanoTime(), told = start;
        try (Differ differ = new Differ(candidate)) {
            for (long n = 0; n < programs && different < MOST_REPORTS; n++) {
                long now = System.nanoTime();
                if (now - start > minutes * 60_000_000_000L) {
                    break;
                }
                if (now - told > REPORT_NANOS) {
                    told = now;
                    total(out, now - start, differ);
                }
                Generator.Mix chosen = mix != null ? mix : mixes[(int) (n % mixes.length)];
                count(differ.check(seed + n, chosen), out);
            }
            total(out, System.nanoTime() - start, differ);
        }
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

    private void total(PrintStream out, long nanos, Differ differ) {
        out.printf(
                "%d s: %d programs equal, %d different, %d undefined;"
                        + " %d instructions, %d exceptions, %d instructions native%n",
                nanos / 1_000_000_000,
                same,
                different,
                undefined,
                differ.instructions(),
                differ.counter("exceptions"),
                differ.counter("instructions-native"));
    }

    /** The interpreter's single steps against its blocks: tries the tester itself. */
    public static void main(String[] args) {
        System.exit(new Soak(new SteppingEngine()).run(List.of(args), System.out));
    }
}
