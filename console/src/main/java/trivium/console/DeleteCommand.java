package trivium.console;

import java.util.List;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import trivium.vm.VmException;

@Service
@Command(
        scope = "vm",
        name = "delete",
        description = "Forgets VMs that are off. Their disk images stay.",
        detailedDescription = "classpath:delete.txt")
public final class DeleteCommand extends VmCommand {
    @Argument(name = "names", description = "The VMs", required = true, multiValued = true)
    @Completion(VmNames.Off.class)
    List<String> names;

    @Override
    void run() throws VmException {
        for (String name : names) {
            vms.delete(vm(name).id());
        }
    }
}
