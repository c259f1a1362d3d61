package trivium.x86.vectors;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VectorFilesTest {
    @ParameterizedTest
    @CsvSource({"vec16.bin.gz, 13000, 16", "vec32.bin.gz, 18800, 32", "vec64.bin.gz, 34000, 64"})
    void readsEveryVectorOfTheProjectsOwnSets(String name, int count, int mode) throws IOException {
        VectorInput in = VectorInput.open(Path.of("src/test/resources/vectors", name));
        in.next(8, "the header");
        try (X86Vec1File file = new X86Vec1File(in)) {
            int read = 0;
            while (file.next()) {
                assertThat(file.vector.instructionLength).isBetween(1, 31);
                read++;
            }

            assertThat(read).isEqualTo(count);
            assertThat(file.mode).isEqualTo(mode);
        }
    }
}
