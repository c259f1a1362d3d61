package trivium.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import trivium.bench.GuestBenchmark;
import trivium.machine.boot.Firmware;
import trivium.machine.life.Catalog;
import trivium.machine.life.VmStore;
import trivium.machine.life.Vms;
import trivium.vm.Benchmark;
import trivium.vm.Benchmark.Look;
import trivium.vm.Benchmark.Step;
import trivium.vm.VmException;

/** {@code trivium bench}: performance relative to native, as {@code hv:bench} in the appliance. */
final class BenchCommand {
    private static final int WRONG = 3, INTERRUPTED = 130, COLUMNS = 80;
    private static final String LINE_START = "\r\u001b[K"; // ECMA-48 "EL": erases the line

    private final PrintStream out, err;
    private final Catalog catalog;
    private final boolean terminal;

    BenchCommand(PrintStream out, PrintStream err, Catalog catalog) {
        this.out = out;
        this.err = err;
        this.catalog = catalog;
        this.terminal = System.console() != null && System.console().isTerminal();
    }

    int run(List<String> args) {
        try {
            BenchOptions options = BenchOptions.parse(args);
            if (options.help) {
                out.print(BenchOptions.USAGE);
                return 0;
            }
            return measure(options);
        } catch (VmException e) {
            err.println("trivium bench: " + e.getMessage());
            return Main.WRONG_USAGE;
        } catch (InterruptedException _) {
            return INTERRUPTED;
        }
    }

    private int measure(BenchOptions options) throws VmException, InterruptedException {
        checkFolder(options.svg);
        checkFolder(options.json);
        Benchmark.Report report = report(options.plan());
        if (terminal) {
            err.print(LINE_START);
        }
        out.print(report.text(look(options.ascii)));
        write(options.svg, report.svg());
        write(options.json, report.json());
        return report.right() ? 0 : WRONG;
    }

    /** Ctrl-C interrupts this thread and waits for it, so that nothing stays behind. */
    private Benchmark.Report report(Benchmark.Plan plan) throws VmException, InterruptedException {
        Thread self = Thread.currentThread();
        Thread interrupted = new Thread(() -> stop(self));
        Runtime.getRuntime().addShutdownHook(interrupted);
        try (var vms = new Vms(catalog, Firmware.usual(), VmStore.NONE)) {
            return new GuestBenchmark(vms).run(plan, this::tell);
        } finally {
            remove(interrupted);
        }
    }

    private static void remove(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException _) {
            // it runs, and waits for this thread to end
        }
    }

    private static void stop(Thread measuring) {
        measuring.interrupt();
        try {
            measuring.join(5000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** A line that is written over; where nobody watches, nothing. */
    private void tell(Step step) {
        if (terminal) {
            err.print(
                    "%s%d of %d: %s"
                            .formatted(LINE_START, step.done() + 1, step.of(), step.what()));
            err.flush();
        }
    }

    private Look look(boolean ascii) {
        Charset charset = out.charset();
        boolean blocks = !ascii && charset.newEncoder().canEncode('\u2588');
        boolean colours = !ascii && terminal && System.getenv("NO_COLOR") == null;
        return new Look(columns(), blocks, colours);
    }

    /** What the launcher found out. */
    private static int columns() {
        String columns = System.getenv("COLUMNS");
        return columns != null && columns.matches("[1-9]\\d{0,3}")
                ? Integer.parseInt(columns)
                : COLUMNS;
    }

    /** Before a minute is spent. */
    private static void checkFolder(Optional<Path> file) throws VmException {
        Path folder = file.map(f -> f.toAbsolutePath().getParent()).orElse(null);
        if (folder != null && !Files.isDirectory(folder)) {
            throw new VmException("%s cannot be written: no such folder".formatted(file.get()));
        }
    }

    private static void write(Optional<Path> file, String text) throws VmException {
        if (file.isEmpty()) {
            return;
        }
        try {
            Files.writeString(file.get(), text);
        } catch (IOException e) {
            throw new VmException("%s cannot be written: %s".formatted(file.get(), e), e);
        }
    }
}
