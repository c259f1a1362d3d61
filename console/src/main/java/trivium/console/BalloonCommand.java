package trivium.console;

import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import trivium.vm.VmException;

@Service
@Command(
        scope = "vm",
        name = "balloon",
        description = "Asks a guest to do with less memory, or gives memory back.",
        detailedDescription = "classpath:balloon.txt")
public final class BalloonCommand extends VmCommand {
    @Argument(name = "name", description = "The VM", required = true)
    @Completion(VmNames.On.class)
    String name;

    @Argument(
            index = 1,
            name = "MiB",
            description = "Memory that the guest keeps, at most what it was started with",
            required = true)
    int memoryMiB;

    @Override
    void run() throws VmException {
        vm(name).balloon(memoryMiB);
    }
}
