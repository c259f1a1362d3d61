package trivium.console;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.karaf.shell.api.action.Command;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class HelpTest {
    private final TestShell shell = new TestShell();

    @AfterEach
    void close() {
        shell.close();
    }

    static java.util.List<Class<?>> commands() {
        return TestShell.COMMANDS;
    }

    @ParameterizedTest
    @MethodSource("commands")
    void everyCommandHasHelpWithAnExampleOfItself(Class<?> type) throws Exception {
        Command command = type.getAnnotation(Command.class);
        String name = command.scope() + ":" + command.name();

        assertThat(shell.run(name + " --help"))
                .contains("Example")
                .contains("  " + name)
                .contains(command.description());
    }
}
