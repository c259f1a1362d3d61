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
        name = "reset",
        description = "Presses the reset button of VMs.",
        detailedDescription = "classpath:reset.txt")
public final class ResetCommand extends VmCommand {
    @Argument(name = "names", description = "The VMs", required = true, multiValued = true)
    @Completion(VmNames.On.class)
    List<String> names;

    @Override
    void run() throws VmException {
        for (String name : names) {
            vm(name).reset();
        }
    }
}
