package trivium.console;

import java.io.PrintStream;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.apache.karaf.shell.api.action.Action;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.support.CommandException;
import trivium.vm.Vm;
import trivium.vm.VmException;
import trivium.vm.VmRegistry;

/**
 * What all commands share: the registry, errors that are one sentence, and options at any place
 * (bundle jdk-compat has the shell call {@link #apply}).
 */
abstract class VmCommand implements Action, UnaryOperator<List<Object>> {
    @Reference VmRegistry vms;

    /** The output of this command: a pipe's, if it stands in one. */
    final PrintStream out = System.out;

    @Override
    public final Object execute() throws Exception {
        try {
            run();
        } catch (VmException e) {
            throw new CommandException(e.getMessage(), e);
        }
        return null;
    }

    @Override
    public final List<Object> apply(List<Object> words) {
        return new OptionsFirst(getClass()).order(words);
    }

    abstract void run() throws Exception;

    final Vm vm(String name) throws VmException {
        return vms.find(name).orElseThrow(() -> new VmException(noVm(name)));
    }

    private String noVm(String name) {
        String names = vms.list().stream().map(Vm::id).sorted().collect(Collectors.joining(", "));
        return "no VM '%s'; %s"
                .formatted(name, names.isEmpty() ? "there are none" : "there are " + names);
    }

    /** Prints a value as JSON: what {@code --json} does. */
    final void print(Object json) {
        out.println(Json.write(json));
    }
}
