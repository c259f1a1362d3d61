package trivium.bench;

import java.lang.management.ManagementFactory;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import trivium.hostos.HostInfo;

/**
 * Where, when and with what it was measured.
 *
 * @param load how many programs wanted to run at the end, on average over a minute; negative if
 *     unknown
 */
record Origin(
        String cpu,
        int processors,
        String os,
        String java,
        double load,
        OffsetDateTime date,
        String version) {

    static Origin here() {
        return new Origin(
                HostInfo.cpuName(),
                Runtime.getRuntime().availableProcessors(),
                System.getProperty("os.name") + " " + System.getProperty("os.version"),
                Runtime.version().toString(),
                ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage(),
                OffsetDateTime.now().truncatedTo(ChronoUnit.SECONDS),
                Resources.version());
    }

    String text() {
        return String.format(
                Locale.ROOT,
                "%s, %d CPUs, %s; Trivium %s; %s; load %.1f",
                cpu,
                processors,
                os,
                version,
                date.toLocalDate(),
                load);
    }
}
