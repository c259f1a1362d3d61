package trivium.console;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class AdviseCommandTest {
    @Test
    void tellsReasonsSharesAndRates() throws Exception {
        try (TestShell shell = new TestShell()) {
            shell.vms.add("db").running();

            assertThat(shell.run("vm:advise db"))
                    .contains("so bt is the better choice", "64-bit user", "75.0 %", "exit-io")
                    .contains("1235");
            assertThat(shell.run("vm:advise --json db"))
                    .contains("\"bestEngine\": \"bt\"", "\"exit-io\": 1234.5");
        }
    }
}
