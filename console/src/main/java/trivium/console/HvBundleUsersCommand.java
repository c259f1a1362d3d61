package trivium.console;

import java.util.List;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.support.table.ShellTable;
import org.osgi.framework.BundleContext;
import trivium.vm.VmException;
import trivium.vm.VmRegistry.PartUse;

@Service
@Command(
        scope = "hv",
        name = "bundle-users",
        description = "Lists what VMs use of bundles, and what they do without.",
        detailedDescription = "classpath:bundle-users.txt")
public final class HvBundleUsersCommand extends VmCommand {
    @Reference BundleContext context;

    @Argument(name = "bundle", description = "A bundle's id or symbolic name; without it, all")
    @Completion(Bundles.Used.class)
    String bundle;

    @Option(name = "--json", description = "Print a JSON array")
    boolean json;

    @Override
    void run() throws VmException {
        List<PartUse> uses =
                bundle == null
                        ? vms.uses()
                        : Bundles.users(vms, Bundles.find(context, bundle).getBundleId());
        if (json) {
            print(uses.stream().map(this::members).toList());
        } else {
            table(uses);
        }
    }

    private Object members(PartUse use) {
        return Json.object(
                "vm", use.vm(),
                "part", use.part(),
                "bundle", use.bundle(),
                "bundleName", Bundles.name(context, use.bundle()),
                "without", use.without());
    }

    private void table(List<PartUse> uses) {
        var table = new ShellTable().emptyTableText("No VM that is on uses it.");
        List.of("VM", "Part", "Id", "Bundle", "Without it the VM").forEach(table::column);
        for (PartUse use : uses) {
            table.addRow()
                    .addContent(
                            use.vm(),
                            use.part(),
                            use.bundle(),
                            Bundles.name(context, use.bundle()),
                            use.without());
        }
        table.print(out);
    }
}
