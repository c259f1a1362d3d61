package trivium.console;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.karaf.shell.api.console.Command;
import org.jline.terminal.TerminalBuilder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Karaf's commands that take bundles away ask first. */
class GuardsTest {
    private static final String HURT = "vm db has engine bt and waits until it is back";

    private final TestShell shell = new TestShell();
    private final List<Object> done = new ArrayList<>();
    private final Command stop = command("bundle", "stop"), list = command("bundle", "list");
    private final Guards guards =
            new Guards(
                    shell.registry(),
                    shell.vms,
                    Map.of("bundle:stop", words -> words.contains("5") ? Set.of(5L) : Set.of(6L)));

    @BeforeEach
    void register() {
        shell.registry().register(stop);
        shell.registry().register(list);
        shell.vms.add("db").running();
        guards.beforeExecute(null, "");
    }

    @AfterEach
    void close() {
        shell.close();
    }

    /** A command that notes what it was called with. */
    private Command command(String scope, String name) {
        return (Command)
                Proxy.newProxyInstance(
                        Command.class.getClassLoader(),
                        new Class<?>[] {Command.class},
                        (self, method, arguments) ->
                                switch (method.getName()) {
                                    case "getScope" -> scope;
                                    case "getName" -> name;
                                    case "execute" -> done.add(arguments[1]) ? null : null;
                                    case "hashCode" -> System.identityHashCode(self);
                                    case "equals" -> self == arguments[0];
                                    default -> throw new AssertionError(method);
                                });
    }

    private void atTerminal(String answer) throws Exception {
        shell.answering(answer)
                .on(TerminalBuilder.builder().dumb(true).streams(System.in, System.out).build());
    }

    @Test
    void whoIsThereIsAskedAndMayLeaveIt() throws Exception {
        atTerminal("no");

        assertThat(shell.run("bundle:stop 5")).contains(HURT, "nothing was done");
        assertThat(done).isEmpty();
    }

    @Test
    void whoSaysYesGetsIt() throws Exception {
        atTerminal("yes");

        assertThat(shell.run("bundle:stop -t 5")).contains(HURT).doesNotContain("nothing");
        assertThat(done).hasToString("[[-t, 5]]");
    }

    @Test
    void aScriptIsToldAndGoesOn() throws Exception {
        assertThat(shell.run("bundle:stop 5")).contains(HURT);
        assertThat(done).hasSize(1);
    }

    @Test
    void whatHurtsNobodyIsNotAskedAbout() throws Exception {
        atTerminal("no");

        assertThat(shell.run("bundle:stop 6")).isEmpty();
        assertThat(shell.run("bundle:list 5")).isEmpty();
        assertThat(shell.run("bundle:stop --help 5")).isEmpty();
        assertThat(done).hasSize(3);
    }

    @Test
    void aCommandThatCameAnewIsGuardedAgain() throws Exception {
        shell.registry().unregister(stop); // as its bundle does, which knows of no guard
        Command other = command("bundle", "stop");
        shell.registry().register(other);

        guards.beforeExecute(null, "");

        assertThat(shell.run("bundle:stop 5")).contains(HURT);
        assertThat(done).hasSize(1);
        assertThat(all("stop")).hasSize(1);
    }

    @Test
    void whenItLeavesAllIsAsBefore() throws Exception {
        guards.leave();

        assertThat(shell.run("bundle:stop 5")).isEmpty();
        assertThat(all("stop")).containsExactly(stop);
    }

    private List<Command> all(String name) {
        return shell.registry().getCommands().stream()
                .filter(c -> c.getName().equals(name) && c.getScope().equals("bundle"))
                .toList();
    }
}
