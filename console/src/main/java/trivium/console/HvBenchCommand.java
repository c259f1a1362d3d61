package trivium.console;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.api.console.Session;
import org.apache.karaf.shell.support.completers.StringsCompleter;
import org.jline.terminal.Terminal;
import trivium.vm.Benchmark;
import trivium.vm.Benchmark.Look;
import trivium.vm.Benchmark.Plan;
import trivium.vm.Benchmark.Step;
import trivium.vm.VmException;

@Service
@Command(
        scope = "hv",
        name = "bench",
        description = "Measures guests on each engine and strategy, relative to native.",
        detailedDescription = "classpath:bench.txt")
public final class HvBenchCommand extends VmCommand {
    private static final int COLUMNS = 80;
    private static final String LINE_START = "\r\u001b[K"; // ECMA-48 "EL": erases the line

    @Reference Session session;

    @Reference(optional = true)
    Benchmark benchmark;

    @Option(
            name = "--engine",
            description = "Only this engine; may be given again",
            multiValued = true)
    @Completion(Choices.Engines.class)
    List<String> engines;

    @Option(
            name = "--mmu",
            description = "Only this MMU strategy; may be given again",
            multiValued = true)
    @Completion(Choices.Mmus.class)
    List<String> mmus;

    @Option(name = "--bits", description = "Only 32 or 64; may be given again", multiValued = true)
    @Completion(
            value = StringsCompleter.class,
            values = {"32", "64"})
    List<Integer> bits;

    @Option(
            name = "--kernel",
            description = "A kernel, or compute, system or all; may be given again",
            multiValued = true)
    @Completion(Choices.Kernels.class)
    List<String> kernels;

    @Option(
            name = "--repeat",
            description = "Runs of each, the median counts; else 3, what takes long once")
    int repeat = Plan.USUAL_REPEAT;

    @Option(name = "--limit", description = "Seconds after which a run is given up")
    int limitSeconds = Plan.LIMIT_SECONDS;

    @Option(name = "--svg", description = "Write the chart to this file")
    @Completion(Choices.Files.class)
    String svg;

    @Option(name = "--json", description = "Write every figure to this file")
    @Completion(Choices.Files.class)
    String json;

    @Option(name = "--ascii", description = "Draw without Unicode and colours")
    boolean ascii;

    @Override
    void run() throws VmException {
        if (benchmark == null) {
            throw new VmException("the bundle bench, which measures, is not installed");
        }
        checkFolder(svg);
        checkFolder(json);
        Benchmark.Report report = measure();
        out.print(report.text(look()));
        write(svg, report.svg());
        write(json, report.json());
        if (!report.right()) {
            throw new VmException("some results were wrong: see above");
        }
    }

    private Benchmark.Report measure() throws VmException {
        var plan =
                new Plan(
                        given(engines),
                        given(mmus),
                        given(bits),
                        given(kernels),
                        repeat,
                        limitSeconds);
        try {
            return benchmark.run(plan, this::tell);
        } catch (InterruptedException e) { // Ctrl-C
            throw new VmException("interrupted", e);
        } finally {
            erase();
        }
    }

    private static <T> List<T> given(List<T> values) {
        return values == null ? List.of() : values;
    }

    /** A line that is written over; where nobody watches, nothing. */
    private void tell(Step step) {
        if (terminal() != null) {
            PrintStream screen = session.getConsole();
            screen.print(
                    "%s%d of %d: %s"
                            .formatted(LINE_START, step.done() + 1, step.of(), step.what()));
            screen.flush();
        }
    }

    private void erase() {
        if (terminal() != null) {
            session.getConsole().print(LINE_START);
            session.getConsole().flush();
        }
    }

    /** Null where there is none that can do more than print. */
    private Terminal terminal() {
        return session.getTerminal() instanceof Terminal t
                        && !t.getType().startsWith(Terminal.TYPE_DUMB)
                ? t
                : null;
    }

    private Look look() {
        Terminal terminal = terminal();
        if (terminal == null) {
            return new Look(COLUMNS, !ascii, false);
        }
        int width = terminal.getWidth() > 0 ? terminal.getWidth() : COLUMNS;
        boolean blocks = terminal.encoding().newEncoder().canEncode('\u2588');
        return new Look(width, blocks && !ascii, !ascii);
    }

    private Path file(String name) {
        return CurrentFolder.of(session).resolve(name).normalize();
    }

    /** Before a minute is spent. */
    private void checkFolder(String name) throws VmException {
        if (name != null && !Files.isDirectory(file(name).getParent())) {
            throw new VmException("%s cannot be written: no such folder".formatted(file(name)));
        }
    }

    private void write(String name, String text) throws VmException {
        if (name == null) {
            return;
        }
        try {
            Files.writeString(file(name), text);
        } catch (IOException e) {
            throw new VmException("%s cannot be written: %s".formatted(file(name), e), e);
        }
    }
}
