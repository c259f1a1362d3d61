package trivium.console;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.support.table.ShellTable;
import trivium.cpu.CpuCheck;

@Service
@Command(
        scope = "hv",
        name = "cpu-check",
        description = "Finds out what this host's CPU does for guests; takes two seconds.",
        detailedDescription = "classpath:cpu-check.txt")
public final class HvCpuCheckCommand extends VmCommand {
    @Option(name = "--json", description = "Print a JSON object")
    boolean json;

    @Reference(optional = true)
    CpuCheck check;

    @Override
    void run() {
        if (check == null) {
            out.println("The bundle engine-vt, which does this check, is not installed.");
            return;
        }
        List<CpuCheck.Finding> findings = check.check().findings();
        if (json) {
            print(members(findings));
        } else {
            table(findings);
        }
    }

    /** Findings by group and key. */
    private static Map<String, Object> members(List<CpuCheck.Finding> findings) {
        Map<String, Object> groups = new LinkedHashMap<>();
        for (CpuCheck.Finding f : findings) {
            @SuppressWarnings("unchecked") // made in this loop
            var group =
                    (Map<String, Object>)
                            groups.computeIfAbsent(
                                    f.group(), _ -> new LinkedHashMap<String, Object>());
            group.put(f.key(), Json.object("value", f.value(), "unit", f.unit(), "note", f.note()));
        }
        return groups;
    }

    private void table(List<CpuCheck.Finding> findings) {
        var table = new ShellTable();
        List.of("What", "Found", "Remark").forEach(table::column);
        for (CpuCheck.Finding f : findings) {
            table.addRow().addContent(f.title(), f.text(), f.note());
        }
        table.print(out);
    }
}
