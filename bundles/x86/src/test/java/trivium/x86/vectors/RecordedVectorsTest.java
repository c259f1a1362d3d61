package trivium.x86.vectors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import trivium.x86.InterpreterEngine;
import trivium.x86.fuzz.WalkingStrategy;

/** The interpreter does what real processors did. */
class RecordedVectorsTest {
    private static final Path VECTORS = Path.of("src/test/resources/vectors");

    /**
     * vec16, vec32 and vec64 are cpu-vectors, from an Intel processor; the others, of what is later
     * than SSE2, were made in the same way on an AMD one: see src/test/native/sse4-vectors.patch.
     */
    @ParameterizedTest
    @ValueSource(strings = {"vec16", "vec32", "vec64", "vec32-sse4", "vec64-sse4"})
    void passesTheProjectsOwnVectors(String name) {
        try (VectorRunner runner =
                new VectorRunner(new InterpreterEngine(), new WalkingStrategy(), 10)) {
            FileResult result = runner.run(VECTORS.resolve(name + ".bin.gz"));

            assertThat(result.error()).isNull();
            assertThat(result.failures()).isEmpty();
            assertThat(result.passed()).isPositive();
        }
    }

    @Test
    void passesSingleStepTests() throws IOException {
        Path folder = singleStepTests();
        assumeTrue(folder != null, "no folder shared/singlesteptests above the project");
        try (VectorRunner runner =
                        new VectorRunner(new InterpreterEngine(), new WalkingStrategy(), 3);
                Stream<Path> files = Files.walk(folder)) {
            List<FileResult> failed =
                    files.filter(file -> file.toString().endsWith(".MOO.gz"))
                            .sorted()
                            .map(runner::run)
                            .filter(result -> !result.clean())
                            .toList();

            assertThat(failed).isEmpty();
        }
    }

    private static Path singleStepTests() {
        Path folder = Path.of("").toAbsolutePath();
        for (; folder != null; folder = folder.getParent()) {
            Path candidate = folder.resolve("shared/singlesteptests");
            if (Files.isDirectory(candidate)) {
                return candidate;
            }
        }
        return null;
    }
}
