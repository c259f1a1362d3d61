package trivium.console;

import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import trivium.vm.VmException;

@Service
@Command(
        scope = "vm",
        name = "mmu",
        description = "Moves a VM to another MMU strategy, also while it runs.",
        detailedDescription = "classpath:mmu.txt")
public final class MmuCommand extends VmCommand {
    @Argument(name = "name", description = "The VM", required = true)
    @Completion(VmNames.Any.class)
    String name;

    @Argument(
            index = 1,
            name = "mmu",
            description = "The strategy, or auto; without it, show the present one")
    @Completion(Choices.Mmus.class)
    String wanted;

    @Override
    void run() throws VmException {
        if (wanted != null) {
            vm(name).useMmu(wanted);
        }
        out.println(vm(name).mmu());
    }
}
