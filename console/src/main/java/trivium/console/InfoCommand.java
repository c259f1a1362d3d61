package trivium.console;

import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import trivium.display.DisplayServer;
import trivium.vm.VmException;

@Service
@Command(
        scope = "vm",
        name = "info",
        description = "Shows a VM's state and configuration.",
        detailedDescription = "classpath:info.txt")
public final class InfoCommand extends VmCommand {
    @Reference(optional = true)
    DisplayServer displays;

    @Argument(name = "name", description = "The VM", required = true)
    @Completion(VmNames.Any.class)
    String name;

    @Option(name = "--json", description = "Print a JSON object")
    boolean json;

    @Override
    void run() throws VmException {
        var full = Describe.full(vm(name), displays);
        if (json) {
            print(full);
        } else {
            Describe.lines(full).forEach(out::println);
        }
    }
}
