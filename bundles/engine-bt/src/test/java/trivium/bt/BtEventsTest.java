package trivium.bt;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import jdk.jfr.consumer.RecordingStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What JDK Flight Recorder gets to see. */
@Timeout(60)
class BtEventsTest {
    @TempDir Path folder;

    private List<RecordedEvent> recorded(Recording recording) throws IOException {
        Path file = folder.resolve("recording.jfr");
        recording.stop();
        recording.dump(file);
        return RecordingFile.readAllEvents(file);
    }

    @Test
    void translationsAndFlushesAreRecorded() throws IOException {
        try (Recording recording = new Recording()) {
            recording.start();
            TranslationEvent event = BtEvents.translating();
            BtEvents.translated(event, 0xffff_8000_0000_1234L, 17, 5, 0x7f00_0000, 90);
            BtEvents.flushed("full", 1 << 20, 4000);

            List<RecordedEvent> events = recorded(recording);

            RecordedEvent translation = only(events, "trivium.bt.Translation");
            assertThat(translation.getLong("rip")).isEqualTo(0xffff_8000_0000_1234L);
            assertThat(translation.getInt("guestBytes")).isEqualTo(17);
            assertThat(translation.getInt("instructions")).isEqualTo(5);
            assertThat(translation.getInt("hostBytes")).isEqualTo(90);
            assertThat(translation.getDuration()).isPositive();
            RecordedEvent flush = only(events, "trivium.bt.Flush");
            assertThat(flush.getString("reason")).isEqualTo("full");
            assertThat(flush.getLong("translations")).isEqualTo(4000);
        }
    }

    private static RecordedEvent only(List<RecordedEvent> events, String type) {
        List<RecordedEvent> found =
                events.stream().filter(e -> e.getEventType().getName().equals(type)).toList();
        assertThat(found).hasSize(1);
        return found.getFirst();
    }

    @Test
    void exitsAreRecordedOnlyWhenARecordingAsksForThem() throws IOException {
        try (Recording recording = new Recording()) {
            recording.start();
            assertThat(BtEvents.look()).isTrue();
            BtEvents.exited(Exit.ONE, new long[] {0x1000, 0x2000}, 0);
            recording.enable("trivium.bt.Exit");
            BtEvents.exited(Exit.TLB_WRITE, new long[] {0x1000, 0x2000}, 1);

            RecordedEvent exit = only(recorded(recording), "trivium.bt.Exit");

            assertThat(exit.getString("cause")).isEqualTo("tlb-write");
            assertThat(exit.getLong("rip")).isEqualTo(0x2000);
        }
    }

    @Test
    void countersAreRecordedPeriodically() throws Exception {
        Runnable end = BtEvents.register("debian, vCPU 0", () -> Map.of("exit-io", 7L));
        var seen = new CountDownLatch(1);
        try (var stream = new RecordingStream()) {
            stream.enable("trivium.bt.Counter").withPeriod(Duration.ofMillis(50));
            stream.onEvent(
                    "trivium.bt.Counter",
                    event -> {
                        if (event.getString("vcpu").equals("debian, vCPU 0")
                                && event.getString("counter").equals("exit-io")
                                && event.getLong("value") == 7) {
                            seen.countDown();
                        }
                    });
            stream.startAsync();
            assertThat(BtEvents.look()).isTrue();

            assertThat(seen.await(20, TimeUnit.SECONDS)).isTrue();
        } finally {
            end.run();
        }
    }
}
