package trivium.console;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class CpuCheckCommandTest {
    private final TestShell shell = new TestShell();

    @AfterEach
    void close() {
        shell.close();
    }

    @Test
    void tellsPeopleInATable() throws Exception {
        assertThat(shell.run("hv:cpu-check"))
                .containsPattern("64-bit +\\| yes")
                .containsPattern("Exit +\\| 7.5 µs +\\| quick");
    }

    @Test
    void tellsProgramsInJson() throws Exception {
        assertThat(shell.run("hv:cpu-check --json"))
                .contains("\"cpu\": {\"lm\": {\"value\": true,")
                .contains("\"exit\": {\"value\": 7.5, \"unit\": \"µs\", \"note\": \"quick\"}");
    }
}
