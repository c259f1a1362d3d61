package trivium.x86.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The interpreter's blocks against its own single steps, and the tester against a liar. */
class DifferTest {
    private static final int PROGRAMS = 300;

    static Stream<Generator.Mix> mixes() {
        return Stream.of(Generator.Mix.INTEGER, Generator.Mix.ALL, Generator.Mix.HOSTILE);
    }

    @ParameterizedTest
    @MethodSource("mixes")
    void blocksDoWhatSingleStepsDo(Generator.Mix mix) {
        int same = 0;
        try (Differ differ = new Differ(new SteppingEngine())) {
            for (int seed = 0; seed < PROGRAMS; seed++) {
                Differ.Outcome outcome = differ.check(seed, mix);
                assertThat(outcome).isNotInstanceOf(Differ.Different.class);
                same += outcome instanceof Differ.Same ? 1 : 0;
            }
        }
        assertThat(same).isGreaterThan(PROGRAMS * 9 / 10);
    }

    @Test
    void aSeedAlwaysGivesTheSameProgram() {
        byte[] once = Generator.program(7, Generator.Mix.ALL).build().ram();
        assertThat(Generator.program(7, Generator.Mix.ALL).build().ram()).isEqualTo(once);
    }

    @Test
    void anEngineThatForgetsIsFoundAndItsProgramMadeSmall() {
        try (Differ differ = new Differ(new SpoilingEngine(new SteppingEngine(), s -> s.cr2 = 0))) {
            Differ.Outcome outcome = null;
            for (int seed = 0; seed < PROGRAMS; seed++) {
                outcome = differ.check(seed, Generator.Mix.INTEGER);
                if (outcome instanceof Differ.Different) {
                    break;
                }
            }
            assertThat(outcome).isInstanceOf(Differ.Different.class);
            String report = ((Differ.Different) outcome).report();
            assertThat(report).contains("cr2 0, expected");
            assertThat(report.lines().count()).isLessThan(40);
        }
    }
}
