package trivium.bt;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import trivium.x86.fuzz.Differ;
import trivium.x86.fuzz.Generator.Mix;
import trivium.x86.fuzz.SteppingEngine;

/** Random programs end as they do in the interpreter, every block translated at once. */
class RandomProgramsTest extends ProgramTest {
    private static final int PROGRAMS = 250, STEPPED = 60, CACHE_BYTES = 4 << 20;

    static Mix[] mixes() {
        return new Mix[] {Mix.INTEGER, Mix.ALL, Mix.FLOATS, Mix.HOSTILE, Mix.SYSTEM};
    }

    static Arguments[] once() {
        return new Arguments[] {Arguments.of(Mix.INTEGER, 930458), Arguments.of(Mix.ALL, 930438)};
    }

    RandomProgramsTest() {
        super(new BtEngine(CACHE_BYTES, 1, 3));
    }

    @ParameterizedTest
    @MethodSource("mixes")
    void endAsInTheInterpreter(Mix mix) {
        try (Differ differ = new Differ(engine)) {
            for (int seed = 0; seed < PROGRAMS; seed++) {
                if (differ.check(seed, mix) instanceof Differ.Different different) {
                    assertThat(different.report()).isEmpty();
                }
            }
            assertThat(differ.counter("instructions-native"))
                    .isGreaterThan(differ.instructions() / 10);
        }
    }

    /** Programs that once did not: a stale translation before an STI with an interrupt pending. */
    @ParameterizedTest
    @MethodSource("once")
    void endAsInTheInterpreterNow(Mix mix, int seed) {
        try (Differ differ = new Differ(engine)) {
            assertThat(differ.check(seed, mix)).isInstanceOf(Differ.Same.class);
        }
    }

    /** Each instruction a translation of its own. */
    @Test
    void endAsInTheInterpreterStepByStep() {
        try (Differ differ = new Differ(new SteppingEngine(engine))) {
            for (int seed = 0; seed < STEPPED; seed++) {
                if (differ.check(seed, Mix.ALL) instanceof Differ.Different different) {
                    assertThat(different.report()).isEmpty();
                }
            }
            assertThat(differ.counter("instructions-native"))
                    .isGreaterThan(differ.instructions() / 10);
        }
    }
}
