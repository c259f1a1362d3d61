package trivium.bt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import trivium.x86.fuzz.Differ;
import trivium.x86.fuzz.HostDiffer;

/** Random user code, translated, ends as it does when the host's CPU runs its very bytes. */
class HostCpuTest {
    private static final int PROGRAMS = 3000, CACHE_BYTES = 4 << 20;

    private final BtEngine engine = new BtEngine(CACHE_BYTES, 1);

    @BeforeEach
    void hostCan() {
        assumeTrue(HostDiffer.missing().isEmpty(), () -> HostDiffer.missing().orElseThrow());
    }

    @Test
    void endsAsOnTheHost() throws IOException {
        long fresh = new Random().nextInt(Integer.MAX_VALUE);
        System.out.println("translated programs on the host, the last seed: " + fresh);
        try (HostDiffer differ = new HostDiffer(engine)) {
            for (int seed = 1; seed <= PROGRAMS; seed++) {
                same(differ, seed);
            }
            same(differ, fresh);
            // Each ran twice.
            assertThat(differ.counter("instructions-native"))
                    .isGreaterThan(differ.instructions() * 3 / 2);
        }
    }

    private static void same(HostDiffer differ, long seed) {
        if (differ.check(seed) instanceof Differ.Different different) {
            assertThat(different.report()).isEmpty();
        }
    }
}
