package trivium.console;

import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.karaf.shell.api.console.Command;
import org.apache.karaf.shell.api.console.Completer;
import org.apache.karaf.shell.api.console.Parser;
import org.apache.karaf.shell.api.console.Session;
import org.osgi.framework.Bundle;
import org.osgi.framework.FrameworkUtil;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import trivium.vm.Vm;
import trivium.vm.VmRegistry;
import trivium.vm.VmState;

/**
 * A command of Karaf's that takes bundles away, in front of which stands a list of the VMs that it
 * would hurt and, if somebody is there, a question. A script is not stopped.
 */
final class AskFirst implements Command {
    private static final Logger LOG = LoggerFactory.getLogger(AskFirst.class);

    private final Command command;
    private final Selection selection;
    private final VmRegistry vms;

    /** Which bundles a command's words mean. */
    interface Selection {
        Set<Long> bundles(List<String> words) throws Exception;
    }

    AskFirst(Command command, Selection selection, VmRegistry vms) {
        this.command = command;
        this.selection = selection;
        this.vms = vms;
    }

    Command command() {
        return command;
    }

    @Override
    public Object execute(Session session, List<Object> words) throws Exception {
        List<String> hurt = hurt(words.stream().map(String::valueOf).toList());
        hurt.forEach(session.getConsole()::println);
        if (hurt.isEmpty() || session.getTerminal() == null || agreed(session)) {
            return command.execute(session, words);
        }
        session.getConsole().println("nothing was done");
        return null;
    }

    private boolean agreed(Session session) throws Exception {
        String question = "%s:%s all the same? (yes/no) ".formatted(getScope(), getName());
        return "yes".equals(session.readLine(question, null));
    }

    /** A line for each thing that a VM loses. */
    private List<String> hurt(List<String> words) {
        if (words.contains("--help")) {
            return List.of();
        }
        try {
            return hurt(selection.bundles(words));
        } catch (Exception e) { // the command itself will tell what is wrong with its words
            LOG.debug("{}:{} {}", getScope(), getName(), words, e);
            return List.of();
        }
    }

    private List<String> hurt(Collection<Long> bundles) {
        boolean all =
                Optional.ofNullable(FrameworkUtil.getBundle(vms.getClass()))
                        .map(Bundle::getBundleId)
                        .filter(bundles::contains)
                        .isPresent();
        Stream<String> ends =
                vms.list().stream()
                        .filter(vm -> all && vm.state() != VmState.OFF)
                        .map(Vm::id)
                        .map("vm %s runs in it and ends"::formatted);
        Stream<String> uses =
                vms.uses().stream()
                        .filter(use -> bundles.contains(use.bundle()))
                        .map(Bundles::text);
        return Stream.concat(ends, uses).toList();
    }

    // --- as the command

    @Override
    public String getScope() {
        return command.getScope();
    }

    @Override
    public String getName() {
        return command.getName();
    }

    @Override
    public String getDescription() {
        return command.getDescription();
    }

    @Override
    public Completer getCompleter(boolean scoped) {
        return command.getCompleter(scoped);
    }

    @Override
    public Parser getParser() {
        return command.getParser();
    }
}
