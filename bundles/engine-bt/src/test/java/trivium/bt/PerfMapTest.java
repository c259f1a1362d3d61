package trivium.bt;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PerfMapTest {
    @TempDir Path folder;

    @Test
    void aLineNamesWhatIsTranslated() throws IOException {
        Path file = Files.writeString(folder.resolve("perf.map"), "of another process\n");
        PerfMap map = new PerfMap(file);

        map.add(0x7f12_3456_7000L, 0x2a, "debian:ffffffff81000000");
        assertThat(file).hasContent("7f1234567000 2a debian:ffffffff81000000");

        map.close();
        map.add(1, 1, "late");
        assertThat(file).hasContent("7f1234567000 2a debian:ffffffff81000000");
    }

    @Test
    void aVmIsKnownByTheNameOfItsThread() {
        assertThat(PerfMap.vm("trivium-my-vm-vcpu12")).isEqualTo("my-vm");
        assertThat(PerfMap.vm("main")).isEqualTo("main");
    }
}
