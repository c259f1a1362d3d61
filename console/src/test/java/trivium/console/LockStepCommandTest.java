package trivium.console;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import trivium.vm.LockStep;

class LockStepCommandTest {
    private final TestShell shell = new TestShell();

    @BeforeEach
    void add() {
        shell.vms.add("a");
    }

    @AfterEach
    void close() {
        shell.close();
    }

    @Test
    void tellsHowFarTheyWereEqual() throws Exception {
        assertThat(shell.run("vm:lockstep a --engine bt --instructions 500 --serial").lines())
                .containsExactly(
                        "hello",
                        "100,000,000 instructions",
                        "123,456,789 instructions were equal; the guest powered off",
                        "undefined status flags differed 2 times");
        assertThat(shell.lockStep.vm).isEqualTo("a");
        assertThat(shell.lockStep.asked.engine()).isEqualTo("bt");
        assertThat(shell.lockStep.asked.reference()).isEqualTo("interpreter");
        assertThat(shell.lockStep.asked.instructions()).isEqualTo(500);
        assertThat(shell.lockStep.asked.chunk()).isEqualTo(LockStep.CHUNK);
    }

    @Test
    void aDifferenceIsAnError() {
        shell.lockStep.answer = new LockStep.Result(7, 0, "difference", Optional.of("rax differs"));

        assertThat(shell.error("vm:lockstep a --engine bt")).isEqualTo("bt and interpreter differ");
    }

    @Test
    void impossibleNumbersAreRefused() {
        assertThat(shell.error("vm:lockstep a --chunk 0"))
                .isEqualTo("--instructions and --chunk are at least 1");
    }
}
