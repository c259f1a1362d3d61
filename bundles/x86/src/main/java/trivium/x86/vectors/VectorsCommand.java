package trivium.x86.vectors;

import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import trivium.cpu.ExecutionEngine;
import trivium.mmu.MmuStrategy;

/**
 * The command {@code vectors}: runs files or folders of instruction vectors and reports. Exit
 * status 0 only if all passed, 1 if not, 2 for wrong usage.
 */
public final class VectorsCommand {
    public static final String USAGE =
            """
            Usage: vectors [--engine E] [--json FILE] [--failures N] PATH...
            Runs instruction vectors (X86VEC1 or MOO, gzip or plain; files or folders) and compares
            each outcome with what was recorded on a real processor.
              --engine E    the engine to run them on: %s (default: %s)
              --json FILE   results by file as JSON
              --failures N  describe the first N failures of each file (default: 5)
            """;

    private static final int ALL_PASSED = 0, SOME_FAILED = 1, WRONG_USAGE = 2;

    private final List<ExecutionEngine> engines;
    private final MmuStrategy mmu;

    /**
     * @param engines at least one; the first is the default
     */
    public VectorsCommand(List<ExecutionEngine> engines, MmuStrategy mmu) {
        this.engines = List.copyOf(engines);
        this.mmu = mmu;
    }

    private static final class UsageException extends Exception {
        private static final long serialVersionUID = 1;

        UsageException(String message) {
            super(message);
        }
    }

    private static final class Options {
        ExecutionEngine engine;
        Path json;
        int failures = 5;
        boolean help;
        final List<Path> paths = new ArrayList<>();
    }

    public int run(List<String> args, PrintStream out, PrintStream err) {
        try {
            Options options = parse(args);
            if (options.help) {
                out.print(usage());
                return ALL_PASSED;
            }
            List<Path> files = new ArrayList<>();
            for (Path path : options.paths) {
                files.addAll(filesIn(path));
            }
            return runAll(options, files, out, err);
        } catch (UsageException e) {
            err.println("vectors: " + e.getMessage());
            return WRONG_USAGE;
        }
    }

    private String usage() {
        return USAGE.formatted(engineNames(), engines.getFirst().name());
    }

    private String engineNames() {
        return engines.stream().map(ExecutionEngine::name).collect(Collectors.joining(", "));
    }

    private Options parse(List<String> args) throws UsageException {
        Options options = new Options();
        options.engine = engines.getFirst();
        for (int i = 0; i < args.size(); i++) {
            String arg = args.get(i);
            switch (arg) {
                case "--engine" -> options.engine = engine(value(args, ++i));
                case "--json" -> options.json = Path.of(value(args, ++i));
                case "--failures" -> options.failures = count(value(args, ++i));
                case "-h", "--help" -> options.help = true;
                default -> {
                    if (arg.startsWith("-")) {
                        throw new UsageException(
                                "no option '%s'; see vectors --help".formatted(arg));
                    }
                    options.paths.add(Path.of(arg));
                }
            }
        }
        if (options.paths.isEmpty() && !options.help) {
            throw new UsageException("name a file or folder of vectors; see vectors --help");
        }
        return options;
    }

    private static String value(List<String> args, int i) throws UsageException {
        if (i >= args.size()) {
            throw new UsageException("%s wants a value".formatted(args.get(i - 1)));
        }
        return args.get(i);
    }

    private static int count(String value) throws UsageException {
        try {
            return Integer.parseUnsignedInt(value);
        } catch (NumberFormatException e) {
            throw new UsageException("--failures wants a number, not '%s'".formatted(value));
        }
    }

    private ExecutionEngine engine(String name) throws UsageException {
        for (ExecutionEngine engine : engines) {
            if (engine.name().equals(name)) {
                return engine;
            }
        }
        throw new UsageException("no engine '%s'; there are %s".formatted(name, engineNames()));
    }

    private static List<Path> filesIn(Path path) throws UsageException {
        if (!Files.exists(path)) {
            throw new UsageException("no file or folder '%s'".formatted(path));
        }
        if (!Files.isDirectory(path)) {
            return List.of(path);
        }
        try (Stream<Path> tree = Files.walk(path)) {
            List<Path> files = tree.filter(VectorsCommand::looksLikeVectors).sorted().toList();
            if (files.isEmpty()) {
                throw new UsageException(
                        "no vectors (*.bin, *.MOO, *.gz of these) below '%s'".formatted(path));
            }
            return files;
        } catch (IOException | UncheckedIOException e) {
            throw new UsageException("cannot read '%s': %s".formatted(path, e.getMessage()));
        }
    }

    private static boolean looksLikeVectors(Path file) {
        String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
        String plain = name.endsWith(".gz") ? name.substring(0, name.length() - 3) : name;
        return (plain.endsWith(".bin") || plain.endsWith(".moo")) && Files.isRegularFile(file);
    }

    private int runAll(Options options, List<Path> files, PrintStream out, PrintStream err) {
        List<FileResult> results = new ArrayList<>();
        VectorRunner runner = new VectorRunner(options.engine, mmu, options.failures);
        try (runner) {
            for (Path file : files) {
                FileResult result = runner.run(file);
                results.add(result);
                print(result, out);
            }
        }
        printTotal(results, out);
        if (runner.nativeInstructions() > 0) {
            out.printf(
                    "%s: %d of %d instructions in translated code%n",
                    options.engine.name(), runner.nativeInstructions(), runner.instructions());
        }
        boolean written = options.json == null || writeJson(options, results, err);
        return !written
                ? WRONG_USAGE
                : results.stream().allMatch(FileResult::clean) ? ALL_PASSED : SOME_FAILED;
    }

    private static void print(FileResult r, PrintStream out) {
        out.printf(
                "%-40s %-16s %8d passed %8d failed%s%n",
                r.file(),
                r.kind(),
                r.passed(),
                r.failed(),
                r.error() == null ? "" : "  ERROR: " + r.error());
        r.failures().forEach(failure -> out.println("  " + failure));
        if (r.failed() > r.failures().size() && !r.failures().isEmpty()) {
            out.printf("  ... and %d more%n", r.failed() - r.failures().size());
        }
    }

    private static void printTotal(List<FileResult> results, PrintStream out) {
        long bad = results.stream().filter(r -> r.error() != null).count();
        double seconds = results.stream().mapToDouble(FileResult::seconds).sum();
        out.printf(
                "total: %d files, %d passed, %d failed%s, %.1f s%n",
                results.size(),
                passed(results),
                failed(results),
                bad == 0 ? "" : ", %d files with errors".formatted(bad),
                seconds);
    }

    private static long passed(List<FileResult> results) {
        return results.stream().mapToLong(FileResult::passed).sum();
    }

    private static long failed(List<FileResult> results) {
        return results.stream().mapToLong(FileResult::failed).sum();
    }

    private boolean writeJson(Options options, List<FileResult> results, PrintStream err) {
        String json =
                "{\"engine\": %s, \"passed\": %d, \"failed\": %d, \"files\": [%n%s%n]}%n"
                        .formatted(
                                Json.quote(options.engine.name()),
                                passed(results),
                                failed(results),
                                results.stream()
                                        .map(FileResult::toJson)
                                        .collect(Collectors.joining(",\n")));
        try {
            Files.writeString(options.json, json);
            return true;
        } catch (IOException e) {
            err.println("vectors: cannot write '%s': %s".formatted(options.json, e));
            return false;
        }
    }
}
