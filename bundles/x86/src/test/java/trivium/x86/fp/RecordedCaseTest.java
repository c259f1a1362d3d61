package trivium.x86.fp;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;

/**
 * Instructions recorded on an AMD EPYC with random and contrived operands in all rounding and
 * precision modes and with random exceptions unmasked. Millions more can be made with {@code
 * src/test/native/x87cases.c} and run through {@link #main}.
 */
class RecordedCaseTest {
    @Test
    void agreesWithTheProcessor() throws IOException {
        List<String> failures = new ArrayList<>();
        Set<String> names = new TreeSet<>();
        try (InputStream in = RecordedCaseTest.class.getResourceAsStream("x87-cases.bin.gz")) {
            ByteBuffer cases = read(new GZIPInputStream(Objects.requireNonNull(in)));
            while (cases.hasRemaining()) {
                RecordedCase r = new RecordedCase(cases);
                names.add(r.name());
                String mismatch = r.mismatch();
                if (mismatch != null) {
                    failures.add(mismatch);
                }
            }
        }
        assertThat(names).hasSize(54);
        assertThat(failures).isEmpty();
    }

    private static ByteBuffer read(InputStream in) throws IOException {
        return ByteBuffer.wrap(in.readAllBytes());
    }

    /** Runs cases from standard input. */
    public static void main(String[] args) throws IOException {
        ByteBuffer cases = read(System.in);
        int count = 0, failed = 0;
        for (; cases.hasRemaining(); count++) {
            String mismatch = new RecordedCase(cases).mismatch();
            if (mismatch != null && failed++ < 20) {
                System.out.println(mismatch);
            }
        }
        System.out.println(count + " cases, " + failed + " failed");
    }
}
