package trivium.console;

import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import trivium.vm.VmException;

@Service
@Command(
        scope = "vm",
        name = "engine",
        description = "Moves a VM to another execution engine, also while it runs.",
        detailedDescription = "classpath:engine.txt")
public final class EngineCommand extends VmCommand {
    @Argument(name = "name", description = "The VM", required = true)
    @Completion(VmNames.Any.class)
    String name;

    @Argument(
            index = 1,
            name = "engine",
            description = "The engine, or auto; without it, show the present one")
    @Completion(Choices.Engines.class)
    String wanted;

    @Override
    void run() throws VmException {
        if (wanted != null) {
            vm(name).useEngine(wanted);
        }
        out.println(vm(name).engine());
    }
}
