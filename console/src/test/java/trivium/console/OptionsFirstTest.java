package trivium.console;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OptionsFirstTest {
    private static String order(Class<?> action, String line) {
        return new OptionsFirst(action)
                .order(Arrays.asList((Object[]) line.split(" "))).stream()
                        .map(Object::toString)
                        .collect(Collectors.joining(" "));
    }

    @ParameterizedTest
    @CsvSource({
        "a --memory 64 --start, --memory 64 --start a",
        "--memory 64 a, --memory 64 a",
        "--memory=64 a --cpu=i386, --memory=64 --cpu=i386 a",
        "a --memory, --memory a",
        "a --memry 64, --memry a 64",
        "a --help, --help a",
    })
    void movesOptions(String typed, String ordered) {
        assertThat(order(CreateCommand.class, typed)).isEqualTo(ordered);
    }

    @ParameterizedTest
    @CsvSource({
        "linux ls -l --all --enter, --enter linux ls -l --all",
        "linux -- --enter, linux --enter",
    })
    void listsKeepWhatTheyDoNotKnow(String typed, String ordered) {
        assertThat(order(TypeCommand.class, typed)).isEqualTo(ordered);
    }

    @Test
    void theShellTakesOptionsBehindTheName() throws Exception {
        try (var shell = new TestShell()) {
            shell.run("vm:create a --memory 64 --start --cpu i386");

            assertThat(shell.vms.vms.getFirst().config.memoryMiB()).isEqualTo(64);
            assertThat(shell.run("vm:list")).contains("running").contains("i386");
            assertThat(shell.error("vm:create b --memry 64")).contains("--memry");
        }
    }
}
