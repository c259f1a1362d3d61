package trivium.console;

import java.util.List;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.support.table.ShellTable;
import trivium.vm.MemoryReport;
import trivium.vm.VmException;

@Service
@Command(
        scope = "hv",
        name = "memory",
        description = "Shows what the VMs' memory costs, and what they share.",
        detailedDescription = "classpath:memory.txt")
public final class HvMemoryCommand extends VmCommand {
    @Option(name = "--json", description = "Print a JSON object")
    boolean json;

    @Override
    void run() throws VmException {
        MemoryReport report = vms.memory();
        if (json) {
            print(members(report));
            return;
        }
        tableOfVms(report);
        if (!report.groups().isEmpty()) {
            out.println();
            tableOfGroups(report);
        }
        out.println();
        out.printf(
                "All VMs %s MiB, the appliance %s MiB; %s MiB are free on the host; %d of %d mappings%n",
                mib(report.vmBytes()),
                mib(report.processBytes()),
                mib(report.hostFreeBytes()),
                report.mappings(),
                report.mostMappings());
    }

    private void tableOfVms(MemoryReport report) {
        var table = new ShellTable().emptyTableText("No VM is on.");
        table.column("VM");
        table.column("Group");
        for (String column :
                List.of("MiB", "Resident", "Shared", "Private", "Balloon", "Mappings")) {
            table.column(column).alignRight();
        }
        for (MemoryReport.OfVm vm : report.vms()) {
            table.addRow()
                    .addContent(
                            vm.vm(),
                            vm.group().isEmpty() ? "-" : vm.group(),
                            mib(vm.sizeBytes()),
                            mib(vm.residentBytes()),
                            mib(vm.sharedBytes()),
                            mib(vm.privateBytes()),
                            mib(vm.balloonBytes()),
                            vm.mappings());
        }
        table.print(out);
    }

    private void tableOfGroups(MemoryReport report) {
        var table = new ShellTable();
        table.column("Group");
        table.column("VMs");
        for (String column : List.of("Stored (MiB)", "Saved", "Pages/s", "Pages scanned")) {
            table.column(column).alignRight();
        }
        for (MemoryReport.Group group : report.groups()) {
            table.addRow()
                    .addContent(
                            group.name(),
                            String.join(", ", group.vms()),
                            mib(group.storedBytes()),
                            mib(group.savedBytes()),
                            "%.0f".formatted(group.pagesPerSecond()),
                            group.pagesScanned());
        }
        table.print(out);
    }

    private static String mib(long bytes) {
        return "%.1f".formatted(bytes / 1048576.0);
    }

    private static Object members(MemoryReport report) {
        return Json.object(
                "vms", report.vms().stream().map(HvMemoryCommand::members).toList(),
                "groups", report.groups().stream().map(HvMemoryCommand::members).toList(),
                "vmBytes", report.vmBytes(),
                "processBytes", report.processBytes(),
                "hostFreeBytes", report.hostFreeBytes(),
                "mappings", report.mappings(),
                "mostMappings", report.mostMappings());
    }

    private static Object members(MemoryReport.OfVm vm) {
        return Json.object(
                "name", vm.vm(),
                "group", vm.group(),
                "sizeBytes", vm.sizeBytes(),
                "residentBytes", vm.residentBytes(),
                "sharedBytes", vm.sharedBytes(),
                "privateBytes", vm.privateBytes(),
                "balloonBytes", vm.balloonBytes(),
                "mappings", vm.mappings());
    }

    private static Object members(MemoryReport.Group group) {
        return Json.object(
                "name", group.name(),
                "vms", group.vms(),
                "storedBytes", group.storedBytes(),
                "savedBytes", group.savedBytes(),
                "pagesPerSecond", group.pagesPerSecond(),
                "pagesScanned", group.pagesScanned());
    }
}
