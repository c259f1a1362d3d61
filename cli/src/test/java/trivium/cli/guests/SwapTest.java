package trivium.cli.guests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import trivium.cli.GuestVm;
import trivium.vm.Vm.Outcome;
import trivium.vm.Vm.Swaps;
import trivium.vm.VmException;
import trivium.vm.VmRegistry.StrategyInfo;

/**
 * A Linux that computes, whose engine and MMU strategy change at random among all that this host
 * offers. {@code -Dtrivium.swaps=1000} does it more often.
 */
@Timeout(value = 60, unit = TimeUnit.MINUTES)
class SwapTest {
    private static final int SWAPS = Integer.getInteger("trivium.swaps", 100);
    private static final int BOOT = 400, ANSWER = 120, MOST_MILLIS_BETWEEN = 250;
    private static final int BLOB_BYTES = 500_000, ROUNDS = 3000;
    private static final long MEDIAN_NANOS = 20_000_000;
    private static final Pattern SUM = Pattern.compile("SUM \\d+ \\w{32} \\d+$");
    private static final Pattern TICK = Pattern.compile("TICK ([\\d.]+)$");
    private static final String PROMPT = "trivium#";

    /**
     * Rounds that tell a digest of all before and of a large file, which is a long stretch of user
     * code, and a sum of floating point numbers; beside it, a clock that needs its timer.
     */
    private static final String PROGRAM =
            """
            yes trivium | head -c %d >/blob
            while [ ! -e /end ]; do sleep 1; echo "TICK $(cut -d' ' -f1 /proc/uptime)"; done &
            x=0; i=0; while [ ! -e /end ]; do i=$((i+1)); \
            x=$( (echo $x $i; cat /blob) | md5sum | cut -c1-32); \
            f=$(awk -v s=$i 'BEGIN{x=s; for(j=1;j<=%d;j++) x=x*1.0001+0.5/j; \
            printf "%%.0f",x*1000}'); \
            echo "SUM $i $x $f"; done &
            """
                    .formatted(BLOB_BYTES, ROUNDS);

    /** What the guest writes, line by line, checked as it comes. */
    private static final class Listener {
        private final byte[] blob = new byte[BLOB_BYTES];
        private final StringBuilder line = new StringBuilder();
        private final List<String> wrong = new ArrayList<>();
        private String digest = "0";
        private int rounds, ticks;
        private double firstUptime = Double.NaN, lastUptime, firstHost, lastHost;

        Listener() {
            byte[] text = "trivium\n".getBytes(StandardCharsets.US_ASCII);
            for (int i = 0; i < blob.length; i++) {
                blob[i] = text[i % text.length];
            }
        }

        synchronized void heard(byte[] bytes) {
            for (byte b : bytes) {
                if (b == '\n') {
                    read(line.toString().strip());
                    line.setLength(0);
                } else {
                    line.append((char) b);
                }
            }
        }

        /** A prompt may stand before what a program writes. */
        private void read(String text) {
            Matcher sum = SUM.matcher(text), tick = TICK.matcher(text);
            if (sum.find()) {
                String expected = next();
                if (!sum.group().equals(expected)) {
                    wrong.add(text + " instead of " + expected);
                }
            } else if (tick.find()) {
                ticks++;
                lastUptime = Double.parseDouble(tick.group(1));
                lastHost = System.nanoTime() / 1e9;
                if (Double.isNaN(firstUptime)) {
                    firstUptime = lastUptime;
                    firstHost = lastHost;
                }
            }
        }

        private String next() {
            rounds++;
            try {
                MessageDigest md5 = MessageDigest.getInstance("MD5");
                md5.update((digest + " " + rounds + "\n").getBytes(StandardCharsets.US_ASCII));
                digest = HexFormat.of().formatHex(md5.digest(blob));
            } catch (java.security.NoSuchAlgorithmException e) {
                throw new AssertionError(e);
            }
            double x = rounds;
            for (int j = 1; j <= ROUNDS; j++) {
                x = x * 1.0001 + 0.5 / j;
            }
            return "SUM %d %s %.0f".formatted(rounds, digest, Math.rint(x * 1000));
        }

        synchronized int rounds() {
            return rounds;
        }

        synchronized int ticks() {
            return ticks;
        }

        synchronized List<String> wrong() {
            return List.copyOf(wrong);
        }

        /** By how much the guest's clock ran away from the host's, in seconds. */
        synchronized double drift() {
            return lastUptime - firstUptime - (lastHost - firstHost);
        }

        synchronized double seconds() {
            return lastHost - firstHost;
        }
    }

    @Test
    void linuxComputesRightWhileItsEngineChanges() throws Exception {
        run("amd64", 1, SWAPS);
    }

    @Test
    void twoProcessorsChangeTogether() throws Exception {
        run("686-pae", 2, Math.max(20, SWAPS / 5));
    }

    private static void run(String kernel, int cpus, int swaps) throws Exception {
        Object[] options = {
            "--engine",
            "bt",
            "--cpus",
            cpus,
            "--memory",
            256,
            "--kernel",
            Guests.file("vmlinuz-" + kernel),
            "--initrd",
            Guests.file("initrd-" + kernel + ".gz"),
            "--append",
            "console=ttyS0 cryptomgr.notests",
        };
        var listener = new Listener();
        try (GuestVm guest = Guests.boot("swap-" + kernel, options)) {
            guest.vm().console().listen(listener::heard);
            guest.awaitSerial(PROMPT, BOOT);
            guest.send(PROGRAM.replace("\\\n", ""));
            guest.await("work", ANSWER, () -> listener.rounds() >= 2 && listener.ticks() >= 2);

            swap(guest, swaps);

            int rounds = listener.rounds(), ticks = listener.ticks();
            guest.await(
                    "more work",
                    ANSWER,
                    () -> listener.rounds() >= rounds + 2 && listener.ticks() >= ticks + 2);
            guest.vm().useEngine("auto");
            guest.send("touch /end\n");
            report(guest, listener);
            assertThat(listener.wrong()).isEmpty();
            assertThat(listener.drift()).isBetween(-1.0, 1.0);
            assertThat(listener.ticks()).isGreaterThan((int) (listener.seconds() / 3));
            Swaps times = guest.vm().mode().swaps();
            assertThat(times.count()).isGreaterThan(swaps / 2);
            assertThat(times.medianNanos()).isLessThan(cpus * MEDIAN_NANOS);
            guest.awaitSerial(PROMPT, ANSWER);
            guest.send("\npoweroff\n");
            assertThat(guest.awaitEnd(ANSWER)).isInstanceOf(Outcome.PoweredOff.class);
            assertThat(guest.serial())
                    .doesNotContain("segfault", "BUG", "Oops", "soft lockup", "nobody cared");
        }
    }

    private static void swap(GuestVm guest, int swaps) throws Exception {
        String[] engines = willing(guest, usable(GuestVm.catalog().engineInfos()));
        String[] strategies = usable(GuestVm.catalog().strategyInfos());
        long seed = Long.getLong("trivium.swaps.seed", System.nanoTime());
        System.out.printf(
                "%d swaps among %s and %s, -Dtrivium.swaps.seed=%d%n",
                swaps, Arrays.toString(engines), Arrays.toString(strategies), seed);
        Random random = new Random(seed);
        for (int i = 0; i < swaps; i++) {
            Thread.sleep(random.nextInt(MOST_MILLIS_BETWEEN));
            if (strategies.length > 1 && random.nextInt(4) == 0) {
                guest.vm().useMmu(strategies[random.nextInt(strategies.length)]);
            }
            String other;
            do {
                other = engines[random.nextInt(engines.length)];
            } while (engines.length > 1 && other.equals(guest.vm().engine()));
            guest.vm().useEngine(other);
        }
    }

    /** Those that take this guest: not all take any. One that refuses leaves the old one. */
    private static String[] willing(GuestVm guest, String[] engines) {
        List<String> willing = new ArrayList<>();
        for (String engine : engines) {
            String before = guest.vm().engine();
            try {
                guest.vm().useEngine(engine);
                willing.add(engine);
            } catch (VmException e) {
                assertThat(e).hasMessageContaining("cannot take over");
                assertThat(guest.vm().engine()).isEqualTo(before);
            }
        }
        return willing.toArray(String[]::new);
    }

    private static String[] usable(List<StrategyInfo> all) {
        return all.stream()
                .filter(info -> info.unsupported().isEmpty())
                .map(StrategyInfo::name)
                .toArray(String[]::new);
    }

    private static void report(GuestVm guest, Listener listener) {
        Swaps times = guest.vm().mode().swaps();
        System.out.printf(
                "%d swaps in %.1f s: %d sums, %d wrong, %d ticks, clock %+.3f s; pause median"
                        + " %.2f ms, longest %.2f ms%n",
                times.count(),
                listener.seconds(),
                listener.rounds(),
                listener.wrong().size(),
                listener.ticks(),
                listener.drift(),
                times.medianNanos() / 1e6,
                times.longestNanos() / 1e6);
    }
}
