package trivium.console;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.api.console.CommandLine;
import org.apache.karaf.shell.api.console.Completer;
import org.apache.karaf.shell.api.console.Session;
import org.apache.karaf.shell.support.completers.StringsCompleter;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import trivium.vm.VmException;
import trivium.vm.VmRegistry;
import trivium.vm.VmRegistry.PartUse;

/** Bundles by id or symbolic name, and who uses them. */
final class Bundles {
    private Bundles() {}

    /**
     * @throws VmException if there is no such bundle
     */
    static Bundle find(BundleContext context, String idOrName) throws VmException {
        return Arrays.stream(context.getBundles())
                .filter(bundle -> is(bundle, idOrName))
                .reduce((_, later) -> later)
                .orElseThrow(() ->
                        new VmException(
                                "no bundle '%s'; bundle:list -t 0 shows all".formatted(idOrName)));
    }

    private static boolean is(Bundle bundle, String idOrName) {
        return idOrName.equals(String.valueOf(bundle.getBundleId()))
                || idOrName.equals(bundle.getSymbolicName());
    }

    static String name(BundleContext context, long id) {
        Optional<Bundle> bundle = Optional.ofNullable(context.getBundle(id));
        return bundle.map(b -> "%s %s".formatted(b.getSymbolicName(), b.getVersion())).orElse("");
    }

    static List<PartUse> users(VmRegistry vms, long bundle) {
        return vms.uses().stream().filter(use -> use.bundle() == bundle).toList();
    }

    static String text(PartUse use) {
        return "vm %s has %s and %s".formatted(use.vm(), use.part(), use.without());
    }

    /** Completes symbolic names of bundles that VMs use. */
    @Service
    public static final class Used implements Completer {
        @Reference VmRegistry vms;
        @Reference BundleContext context;

        @Override
        public int complete(Session session, CommandLine line, List<String> candidates) {
            List<String> names =
                    vms.uses().stream()
                            .map(use -> context.getBundle(use.bundle()))
                            .filter(bundle -> bundle != null)
                            .map(Bundle::getSymbolicName)
                            .distinct()
                            .toList();
            return new StringsCompleter(names).complete(session, line, candidates);
        }
    }
}
