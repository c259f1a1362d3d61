package trivium.console;

import java.util.Optional;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import trivium.vm.VmException;

@Service
@Command(
        scope = "vm",
        name = "fork",
        description = "Makes a running copy of a VM that is on.",
        detailedDescription = "classpath:fork.txt")
public final class ForkCommand extends VmCommand {
    @Argument(name = "name", description = "The VM", required = true)
    @Completion(VmNames.On.class)
    String name;

    @Argument(
            index = 1,
            name = "newName",
            description = "Name of the copy; without it, the VM's name and a number")
    String newName;

    @Override
    void run() throws VmException {
        out.println(vms.fork(vm(name).id(), Optional.ofNullable(newName)).id());
    }
}
