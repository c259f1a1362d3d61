package trivium.console;

import java.util.List;
import java.util.stream.Stream;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.support.table.ShellTable;
import trivium.vm.VmRegistry.StrategyInfo;

@Service
@Command(
        scope = "hv",
        name = "engines",
        description = "Lists execution engines and MMU strategies.",
        detailedDescription = "classpath:engines.txt")
public final class HvEnginesCommand extends VmCommand {
    @Option(name = "--json", description = "Print a JSON array")
    boolean json;

    private record Row(String kind, StrategyInfo info) {}

    @Override
    void run() {
        List<Row> rows =
                Stream.concat(
                                vms.engines().stream().map(i -> new Row("engine", i)),
                                vms.mmuStrategies().stream().map(i -> new Row("mmu", i)))
                        .toList();
        if (json) {
            print(rows.stream().map(HvEnginesCommand::members).toList());
        } else {
            table(rows);
        }
    }

    private static Object members(Row row) {
        return Json.object(
                "kind", row.kind(),
                "name", row.info().name(),
                "description", row.info().description(),
                "usable", row.info().unsupported().isEmpty(),
                "reason", row.info().unsupported());
    }

    private void table(List<Row> rows) {
        var table = new ShellTable().emptyTableText("No engines are installed.");
        List.of("Kind", "Name", "Usable here", "Description").forEach(table::column);
        for (Row row : rows) {
            table.addRow()
                    .addContent(
                            row.kind(),
                            row.info().name(),
                            row.info().unsupported().map(why -> "no: " + why).orElse("yes"),
                            row.info().description());
        }
        table.print(out);
    }
}
