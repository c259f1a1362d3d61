package trivium.console;

import java.util.List;
import java.util.function.Predicate;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.api.console.CommandLine;
import org.apache.karaf.shell.api.console.Completer;
import org.apache.karaf.shell.api.console.Session;
import org.apache.karaf.shell.support.completers.StringsCompleter;
import trivium.vm.Vm;
import trivium.vm.VmRegistry;
import trivium.vm.VmState;

/** Completes names of VMs in those states in which a command makes sense. */
abstract class VmNames implements Completer {
    @Reference VmRegistry vms;
    private final Predicate<VmState> legal;

    VmNames(Predicate<VmState> legal) {
        this.legal = legal;
    }

    @Override
    public int complete(Session session, CommandLine line, List<String> candidates) {
        List<String> names =
                vms.list().stream().filter(vm -> legal.test(vm.state())).map(Vm::id).toList();
        return new StringsCompleter(names).complete(session, line, candidates);
    }

    @Service
    public static final class Any extends VmNames {
        public Any() {
            super(_ -> true);
        }
    }

    /** Powered off, by whatever cause. */
    @Service
    public static final class Off extends VmNames {
        public Off() {
            super(state -> state == VmState.OFF || state == VmState.CRASHED);
        }
    }

    @Service
    public static final class Running extends VmNames {
        public Running() {
            super(state -> state == VmState.RUNNING);
        }
    }

    @Service
    public static final class Paused extends VmNames {
        public Paused() {
            super(state -> state == VmState.PAUSED);
        }
    }

    /** Running or paused. */
    @Service
    public static final class On extends VmNames {
        public On() {
            super(state -> state == VmState.RUNNING || state == VmState.PAUSED);
        }
    }
}
