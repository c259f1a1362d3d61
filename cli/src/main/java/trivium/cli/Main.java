package trivium.cli;

import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import trivium.guests.demo.DemoGuest;
import trivium.vt.VtCpuCheck;
import trivium.x86.fuzz.Soak;
import trivium.x86.vectors.VectorsCommand;

/** The command line without the container. */
public final class Main {
    static final int WRONG_USAGE = 2;
    private static final String USAGE =
            """
            Usage: trivium boot [OPTION]...     runs one VM in the foreground
                   trivium vectors PATH...      runs instruction vectors
                   trivium soak [OPTION]...     runs random programs on an engine and the interpreter
                   trivium cpu-check [--json]   finds out what this host's CPU does for guests
                   trivium bench [OPTION]...    performance relative to native, with a chart
                   trivium demo-guest FILE      writes a small guest for boot --kernel FILE
            boot, vectors, soak and bench say more with --help.
            """;

    private Main() {}

    public static void main(String[] args) {
        System.setProperty("java.awt.headless", "true");
        quietByDefault();
        System.exit(run(Arrays.asList(args)));
    }

    /** Warnings and errors only, unless the operator asked for more. */
    private static void quietByDefault() {
        String level = "org.slf4j.simpleLogger.defaultLogLevel";
        System.setProperty(level, System.getProperty(level, "warn"));
    }

    static int run(List<String> args) {
        String command = args.isEmpty() ? "--help" : args.getFirst();
        List<String> rest = args.isEmpty() ? args : args.subList(1, args.size());
        return switch (command) {
            case "boot" -> new BootCommand(System.out, System.err).run(rest);
            case "vectors" ->
                    new VectorsCommand(Wiring.vectorEngines(), Wiring.softTlb())
                            .run(rest, System.out, System.err);
            case "soak" ->
                    new Soak(Wiring.vectorEngines().reversed(), Wiring.soakStrategies())
                            .run(rest, System.out);
            case "cpu-check" ->
                    new CpuCheckCommand(System.out, System.err, new VtCpuCheck()).run(rest);
            case "bench" -> new BenchCommand(System.out, System.err, Wiring.catalog()).run(rest);
            case "demo-guest" -> writeDemoGuest(rest);
            case "--help", "-h", "help" -> {
                System.out.print(USAGE);
                yield args.isEmpty() ? WRONG_USAGE : 0;
            }
            default -> {
                System.err.printf(
                        "trivium: no command '%s'; there are boot, vectors, soak, cpu-check, bench, demo-guest%n",
                        command);
                yield WRONG_USAGE;
            }
        };
    }

    private static int writeDemoGuest(List<String> args) {
        if (args.size() != 1) {
            System.err.println("trivium demo-guest: needs one argument, the file to write");
            return WRONG_USAGE;
        }
        try {
            DemoGuest.write(Path.of(args.getFirst()));
            return 0;
        } catch (IOException | InvalidPathException e) {
            System.err.printf("trivium demo-guest: %s cannot be written: %s%n", args.getFirst(), e);
            return WRONG_USAGE;
        }
    }
}
