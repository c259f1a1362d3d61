package trivium.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SerialClockTest {
    private final SerialClock clock = new SerialClock("mem");

    private void write(String text) {
        for (byte octet : text.getBytes(StandardCharsets.ISO_8859_1)) {
            clock.accept(octet & 0xff);
        }
    }

    @Test
    void takesTheTimeFromTheEndOfBeginToTheStartOfEnd() throws Exception {
        write("BENCH-GUEST 32\r\nBEGIN mem\r\n");
        Thread.sleep(20);
        write("E");
        Thread.sleep(50);
        write("ND mem b79e44ac\r\n");

        Reading reading = clock.reading().getNow(null);
        assertThat(reading.checksum()).isEqualTo(0xb79e44ac);
        assertThat(reading.wallSeconds()).isBetween(0.02, 0.06);
        assertThat(reading.cpuSeconds()).isBetween(0.0, 0.02);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "FAIL mem vec=06 err=00000000 ip=00101234 cr2=00000000",
                "SKIP sse2 no-SSE2-in-CPUID",
                "NO-LONG-MODE",
                "DONE",
            })
    void saysWhatTheGuestSaysInstead(String line) {
        write("BEGIN mem\r\n" + line + "\r\n");

        assertThatThrownBy(clock.reading()::join).hasMessageContaining("the guest says: " + line);
    }

    @Test
    void anEndOfSomethingElseIsNoResult() {
        write("END mem b79e44ac\r\nBEGIN mem\r\nEND chase b79e44ac\r\nEND mem b79e44ac0\r\n");

        assertThat(clock.reading()).isNotDone();
    }

    /** A guest is hostile: it may write what it likes, as long as it likes. */
    @Test
    void noOutputHurts() {
        Random random = new Random(1);
        for (int i = 0; i < 1_000_000; i++) {
            clock.accept(random.nextInt(i % 3 == 0 ? 256 : 128));
        }
        write("x".repeat(100_000));

        assertThat(clock.reading()).isNotDone();
    }
}
