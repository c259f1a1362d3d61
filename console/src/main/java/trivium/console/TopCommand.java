package trivium.console;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.api.console.Session;
import org.apache.karaf.shell.support.table.ShellTable;
import org.jline.terminal.Attributes;
import org.jline.terminal.Terminal;
import org.jline.utils.ClosedException;
import org.jline.utils.NonBlockingReader;
import trivium.vm.Vm;
import trivium.vm.VmException;
import trivium.vm.VmState;

@Service
@Command(
        scope = "vm",
        name = "top",
        description = "Shows what VMs are doing, anew every two seconds; q ends it.",
        detailedDescription = "classpath:top.txt")
public final class TopCommand extends VmCommand {
    private static final long FIRST_MILLIS = 500;
    private static final String HOME_AND_CLEAR = "\u001b[H\u001b[2J";

    @Reference Session session;

    @Argument(name = "names", description = "The VMs; all that are on", multiValued = true)
    @Completion(VmNames.On.class)
    List<String> names = List.of();

    @Option(name = "--interval", description = "Seconds between two looks")
    double intervalSeconds = 2;

    @Option(
            name = "--count",
            description = "How often to look; without end in a terminal, else once")
    int count;

    private final Map<String, Vm.Statistics> before = new HashMap<>();

    @Override
    void run() throws Exception {
        if (!(intervalSeconds >= 0.1 && intervalSeconds <= 3600)) {
            throw new VmException("--interval %s is not 0.1 to 3600".formatted(intervalSeconds));
        }
        for (String name : names) {
            vm(name); // says so if there is none
        }
        if (count == 0 && session.getTerminal() instanceof Terminal terminal) {
            interactive(terminal);
        } else {
            batch(Math.max(1, count));
        }
    }

    private void batch(int times) throws InterruptedException {
        remember();
        for (int i = 0; i < times; i++) {
            Thread.sleep((long) (intervalSeconds * 1000));
            table(out);
        }
    }

    private void interactive(Terminal terminal) throws Exception {
        Attributes attributes = terminal.enterRawMode();
        try {
            remember();
            long wait = FIRST_MILLIS;
            while (!ends(terminal.reader(), wait)) {
                terminal.writer().print(HOME_AND_CLEAR + screen());
                terminal.flush();
                wait = (long) (intervalSeconds * 1000);
            }
        } finally {
            terminal.setAttributes(attributes);
        }
    }

    /** Waits for time or a key to go by. @return whether the user, or the terminal, has gone */
    private static boolean ends(NonBlockingReader keys, long millis) throws IOException {
        try {
            int key = keys.read(millis);
            return key == 'q' || key == 3 || key == NonBlockingReader.EOF || Thread.interrupted();
        } catch (ClosedException _) {
            return true;
        }
    }

    /** A raw terminal does not return the carriage by itself. */
    private String screen() {
        var bytes = new ByteArrayOutputStream();
        try (var print = new PrintStream(bytes, true, StandardCharsets.UTF_8)) {
            table(print);
        }
        return bytes.toString(StandardCharsets.UTF_8).replaceAll("\r?\n", "\r\n")
                + "q ends this.\r\n";
    }

    private List<Vm> shown() {
        return vms.list().stream()
                .filter(vm -> names.isEmpty() ? on(vm) : names.contains(vm.id()))
                .sorted(Comparator.comparing(Vm::id))
                .toList();
    }

    private static boolean on(Vm vm) {
        return vm.state() == VmState.RUNNING || vm.state() == VmState.PAUSED;
    }

    private void remember() {
        shown().forEach(vm -> before.put(vm.id(), vm.statistics()));
    }

    private void table(PrintStream to) {
        var table = new ShellTable().emptyTableText("No VM is on.");
        List.of("Name", "State", "Engine").forEach(table::column);
        for (String name :
                List.of("CPU %", "MIPS", "Native %", "Blocks/s", "Instr/exit", "Exits/s")) {
            table.column(name).alignRight();
        }
        List.of("Most exits", "Code cache").forEach(table::column);
        for (Vm vm : shown()) {
            Vm.Statistics now = vm.statistics();
            Vm.Statistics last = before.put(vm.id(), now);
            row(table, vm, new Rates(last == null ? now : last, now));
        }
        table.print(to);
    }

    private static void row(ShellTable table, Vm vm, Rates rates) {
        double exits = rates.exits().values().stream().mapToLong(Long::longValue).sum();
        table.addRow()
                .addContent(
                        vm.id(),
                        vm.state(),
                        vm.engine(),
                        "%.1f".formatted(rates.cpuPercent()),
                        "%.1f".formatted(rates.mips()),
                        number(rates.nativePercent(), "%.1f"),
                        number(rates.perSecond(blocks(rates)), "%.0f"),
                        number(rates.instructionsPerExit(), "%.0f"),
                        rates.exits().isEmpty() ? "-" : "%.0f".formatted(exits / rates.seconds()),
                        rates.topExit().orElse("-"),
                        rates.cache().orElse("-"));
    }

    /** The interpreter builds blocks, a translator translates them. */
    private static String blocks(Rates rates) {
        return rates.has("blocks-translated") ? "blocks-translated" : "blocks-built";
    }

    private static String number(OptionalDouble value, String format) {
        return value.isPresent() ? format.formatted(value.getAsDouble()) : "-";
    }
}
