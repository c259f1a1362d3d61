package example_strategy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import trivium.x86.InterpreterEngine;
import trivium.x86.conformance.MmuConformance;
import trivium.x86.fuzz.Differ;
import trivium.x86.fuzz.Generator.Mix;

class ExampleStrategyTest {
    /** All paging modes, rights, flags, flushes: what every strategy has to do. */
    @TestFactory
    Stream<DynamicTest> conforms() {
        return MmuConformance.cases().stream()
                .map(c ->
                        dynamicTest(
                                c.name(),
                                () -> assertThat(c.failure(new ExampleStrategy())).isEmpty()));
    }

    /** Programs with paging, on the interpreter with this strategy and with the plain walk. */
    @Test
    void programsEndAsWithThePlainWalk() {
        try (Differ differ = new Differ(new InterpreterEngine(), new ExampleStrategy())) {
            for (int seed = 0; seed < 200; seed++) {
                assertThat(differ.check(seed, Mix.SYSTEM)).isNotInstanceOf(Differ.Different.class);
            }
        }
    }
}
