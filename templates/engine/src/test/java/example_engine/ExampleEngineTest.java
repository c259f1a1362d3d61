package example_engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import trivium.cpu.Host;
import trivium.cpu.Support;
import trivium.x86.fuzz.Differ;
import trivium.x86.fuzz.Generator.Mix;

class ExampleEngineTest {
    private static final int PROGRAMS = 200;

    static Stream<Mix> mixes() {
        return Stream.of(Mix.INTEGER, Mix.ALL, Mix.HOSTILE);
    }

    /** Random programs end with the same state, memory and device accesses as in the reference. */
    @ParameterizedTest
    @MethodSource("mixes")
    void doesWhatTheReferenceDoes(Mix mix) {
        int same = 0;
        try (Differ differ = new Differ(new ExampleEngine())) {
            for (int seed = 0; seed < PROGRAMS; seed++) {
                Differ.Outcome outcome = differ.check(seed, mix);
                assertThat(outcome).isNotInstanceOf(Differ.Different.class);
                same += outcome instanceof Differ.Same ? 1 : 0;
            }
        }
        assertThat(same).isGreaterThan(PROGRAMS / 2);
    }

    @Test
    void runsEverywhere() {
        var engine = new ExampleEngine();

        assertThat(engine.supportOn(new Host("aarch64", "Linux", false))).isEqualTo(Support.YES);
    }
}
