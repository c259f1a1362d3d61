package trivium.console;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.support.table.ShellTable;
import trivium.display.DisplayServer;
import trivium.display.DisplayServer.Endpoint;
import trivium.vm.Vm;
import trivium.vm.VmState;

@Service
@Command(
        scope = "hv",
        name = "displays",
        description = "Lists displays that viewers can see.",
        detailedDescription = "classpath:displays.txt")
public final class HvDisplaysCommand extends VmCommand {
    private static final long PATIENCE_MILLIS = 3000, POLL_MILLIS = 50;

    @Reference(optional = true)
    DisplayServer displays;

    @Option(name = "--json", description = "Print a JSON array")
    boolean json;

    @Option(name = "--welcome", description = "Say in words what to do; what a new shell prints")
    boolean welcome;

    private record Row(Vm vm, Endpoint endpoint) {}

    @Override
    void run() throws InterruptedException {
        if (welcome) {
            awaitDisplays();
            rows().forEach(this::welcome);
        } else if (json) {
            print(rows().stream().map(HvDisplaysCommand::members).toList());
        } else {
            table(rows());
        }
    }

    private List<Row> rows() {
        return vms.list().stream()
                .sorted(Comparator.comparing(Vm::id))
                .flatMap(vm -> Describe.viewer(vm, displays).map(e -> new Row(vm, e)).stream())
                .toList();
    }

    /** A display opens a moment after its VM starts, and that may be just now. */
    private void awaitDisplays() throws InterruptedException {
        long deadline = System.nanoTime() + PATIENCE_MILLIS * 1_000_000;
        while (displays != null
                && vms.list().stream().anyMatch(this::opensSoon)
                && System.nanoTime() - deadline < 0) {
            Thread.sleep(POLL_MILLIS);
        }
    }

    private boolean opensSoon(Vm vm) {
        Optional<String> wanted = vm.config().vnc();
        return wanted.isPresent()
                && vm.state() == VmState.RUNNING
                && displays.endpoint(vm.id()).isEmpty();
    }

    private void welcome(Row row) {
        out.printf(
                "%s is %s. Its screen: vncviewer %s::%d   its serial console: vm:console %s%n",
                row.vm().id(),
                row.vm().state(),
                row.endpoint().host(),
                row.endpoint().port(),
                row.vm().id());
    }

    private static Object members(Row row) {
        return Json.object(
                "vm", row.vm().id(),
                "state", row.vm().state(),
                "host", row.endpoint().host(),
                "port", row.endpoint().port(),
                "viewers", row.endpoint().clients());
    }

    private void table(List<Row> rows) {
        var table = new ShellTable().emptyTableText("No displays are open.");
        List.of("VM", "State", "Address").forEach(table::column);
        table.column("Viewers").alignRight();
        for (Row row : rows) {
            table.addRow()
                    .addContent(
                            row.vm().id(),
                            row.vm().state(),
                            row.endpoint(),
                            row.endpoint().clients());
        }
        table.print(out);
    }
}
