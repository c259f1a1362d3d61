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
        name = "start",
        description = "Powers VMs on.",
        detailedDescription = "classpath:start.txt")
public final class StartCommand extends VmCommand {
    @Argument(name = "names", description = "The VMs", required = true, multiValued = true)
    @Completion(VmNames.Off.class)
    List<String> names;

    @Override
    void run() throws VmException {
        for (String name : names) {
            vm(name).start();
        }
    }
}
