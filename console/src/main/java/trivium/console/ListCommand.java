package trivium.console;

import java.util.Comparator;
import java.util.List;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.support.table.ShellTable;
import trivium.display.DisplayServer;
import trivium.vm.Vm;

@Service
@Command(
        scope = "vm",
        name = "list",
        description = "Lists virtual machines.",
        detailedDescription = "classpath:list.txt")
public final class ListCommand extends VmCommand {
    @Reference(optional = true)
    DisplayServer displays;

    @Option(name = "--state", description = "Show only VMs in this state")
    @Completion(Choices.States.class)
    String state;

    @Option(name = "--json", description = "Print a JSON array")
    boolean json;

    @Override
    void run() {
        List<Vm> shown =
                vms.list().stream()
                        .filter(vm -> state == null || state.equals(vm.state().toString()))
                        .sorted(Comparator.comparing(Vm::id))
                        .toList();
        if (json) {
            print(shown.stream().map(vm -> Describe.brief(vm, displays)).toList());
        } else {
            table(shown);
        }
    }

    private void table(List<Vm> shown) {
        var table = new ShellTable().emptyTableText("No VMs. Make one with vm:create.");
        List.of("Name", "State", "Engine", "MMU", "CPU").forEach(table::column);
        table.column("CPUs").alignRight();
        table.column("Memory (MiB)").alignRight();
        table.column("Uptime").alignRight();
        table.column("VNC");
        for (Vm vm : shown) {
            table.addRow()
                    .addContent(
                            vm.id(),
                            vm.state(),
                            vm.engine(),
                            vm.mmu(),
                            vm.config().cpu(),
                            vm.config().cpus(),
                            vm.config().memoryMiB(),
                            Describe.duration(vm.uptimeMillis()),
                            Describe.viewer(vm, displays).map(Object::toString).orElse("-"));
        }
        table.print(out);
    }
}
