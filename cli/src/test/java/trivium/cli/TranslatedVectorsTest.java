package trivium.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import trivium.cpu.ExecutionEngine;
import trivium.cpu.Support;
import trivium.hostos.HostInfo;
import trivium.x86.vectors.FileResult;
import trivium.x86.vectors.VectorRunner;

/** Translated code does what real processors did. */
class TranslatedVectorsTest {
    private static final Path VECTORS = Path.of("../bundles/x86/src/test/resources/vectors");

    @ParameterizedTest
    @CsvSource({"vec16, 3000", "vec32, 5000", "vec64, 10000", "vec32-sse4, 0", "vec64-sse4, 0"})
    void passesTheProjectsOwnVectors(String name, long atLeastTranslated) {
        ExecutionEngine engine =
                Wiring.vectorEngines().stream()
                        .filter(e -> e.name().equals("bt"))
                        .findFirst()
                        .orElseThrow();
        assumeTrue(engine.supportOn(HostInfo.host()) instanceof Support.Yes);
        try (VectorRunner runner = new VectorRunner(engine, Wiring.softTlb(), 10)) {
            FileResult result = runner.run(VECTORS.resolve(name + ".bin.gz"));

            assertThat(result.error()).isNull();
            assertThat(result.failures()).isEmpty();
            assertThat(result.passed()).isPositive();
            assertThat(runner.nativeInstructions()).isGreaterThanOrEqualTo(atLeastTranslated);
        }
    }
}
