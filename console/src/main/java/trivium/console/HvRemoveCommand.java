package trivium.console;

import java.util.List;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.api.console.Session;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import trivium.vm.VmException;
import trivium.vm.VmRegistry.PartUse;

@Service
@Command(
        scope = "hv",
        name = "remove",
        description = "Removes a bundle, having asked if VMs use it.",
        detailedDescription = "classpath:remove.txt")
public final class HvRemoveCommand extends VmCommand {
    @Reference BundleContext context;
    @Reference Session session;

    @Argument(name = "bundle", description = "The bundle's id or symbolic name", required = true)
    @Completion(Bundles.Used.class)
    String bundle;

    @Option(name = "--yes", description = "Do not ask")
    boolean yes;

    @Override
    void run() throws Exception {
        Bundle found = Bundles.find(context, bundle);
        List<PartUse> users = Bundles.users(vms, found.getBundleId());
        for (PartUse use : users) {
            out.println(Bundles.text(use));
        }
        if (users.isEmpty() || yes || agreed()) {
            uninstall(found);
        } else {
            out.println("nothing was removed");
        }
    }

    private boolean agreed() throws Exception {
        try {
            return "yes".equals(session.readLine("Remove it all the same? (yes/no) ", null));
        } catch (UnsupportedOperationException e) {
            throw new VmException("nobody is here to be asked: say --yes to remove it", e);
        }
    }

    private void uninstall(Bundle found) throws VmException {
        try {
            found.uninstall();
        } catch (BundleException e) {
            throw new VmException("%s: %s".formatted(found.getSymbolicName(), e.getMessage()), e);
        }
        out.printf("removed %s %s%n", found.getSymbolicName(), found.getVersion());
    }
}
