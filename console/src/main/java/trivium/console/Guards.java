package trivium.console;

import java.util.List;
import java.util.Map;
import org.apache.felix.service.command.CommandSession;
import org.apache.felix.service.command.CommandSessionListener;
import org.apache.karaf.bundle.core.BundleService;
import org.apache.karaf.features.FeaturesService;
import org.apache.karaf.shell.api.console.Command;
import org.apache.karaf.shell.api.console.Registry;
import org.apache.karaf.shell.api.console.SessionFactory;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import trivium.vm.VmRegistry;

/**
 * Puts {@link AskFirst} in the place of Karaf's commands that take bundles away, in the shell's own
 * registry: access control, help and completion stay theirs. The shell tells of no command that is
 * registered, so before each line it is seen to that those which came lately have theirs.
 */
@Component
public final class Guards implements CommandSessionListener {
    private final Registry registry;
    private final VmRegistry vms;
    private final Map<String, AskFirst.Selection> selections;

    @Activate
    public Guards(
            @Reference SessionFactory shell,
            @Reference VmRegistry vms,
            @Reference BundleService bundles,
            @Reference FeaturesService features,
            BundleContext context) {
        this(shell.getRegistry(), vms, new Taken(context, bundles, features).byCommand());
    }

    Guards(Registry registry, VmRegistry vms, Map<String, AskFirst.Selection> selections) {
        this.registry = registry;
        this.vms = vms;
        this.selections = selections;
    }

    @Deactivate
    synchronized void leave() {
        for (Command command : registry.getCommands()) {
            if (command instanceof AskFirst guard) {
                registry.unregister(guard);
                registry.register(guard.command());
            }
        }
    }

    @Override
    public synchronized void beforeExecute(CommandSession session, CharSequence line) {
        for (Command command : registry.getCommands()) {
            if (!(command instanceof AskFirst) && selections.containsKey(name(command))) {
                guard(command);
            }
        }
    }

    private void guard(Command command) {
        List<Command> all = registry.getCommands();
        all.stream().filter(c -> name(c).equals(name(command))).forEach(registry::unregister);
        registry.register(new AskFirst(command, selections.get(name(command)), vms));
    }

    private static String name(Command command) {
        return command.getScope() + ":" + command.getName();
    }

    @Override
    public void afterExecute(CommandSession session, CharSequence line, Exception failure) {}

    @Override
    public void afterExecute(CommandSession session, CharSequence line, Object result) {}
}
