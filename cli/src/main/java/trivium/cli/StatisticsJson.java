package trivium.cli;

import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import trivium.vm.Vm.Statistics;

/** Statistics of a run as one line of JSON. */
final class StatisticsJson {
    private StatisticsJson() {}

    static String of(Statistics s) {
        double seconds = s.wallNanos() / 1e9;
        return "{\"instructions\": %d, \"wall_seconds\": %s, \"cpu_seconds\": %s, \"mips\": %s, %s}"
                .formatted(
                        s.instructions(),
                        decimal(seconds),
                        decimal(s.cpuNanos() / 1e9),
                        decimal(seconds > 0 ? s.instructions() / seconds / 1e6 : 0),
                        "\"exits\": {%s}".formatted(counters(s.counters())));
    }

    private static String decimal(double value) {
        return String.format(Locale.ROOT, "%.3f", value);
    }

    /** Names are those of engines, in plain letters; quoted all the same. */
    private static String counters(Map<String, Long> counters) {
        return counters.entrySet().stream()
                .map(e ->
                        "\"%s\": %d"
                                .formatted(
                                        e.getKey().replaceAll("[\"\\\\\\p{Cntrl}]", "_"),
                                        e.getValue()))
                .collect(Collectors.joining(", "));
    }
}
