package trivium.bench;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.stream.Collectors;

/** Results as JSON; docs/benchmarks.md explains the members. */
final class ResultsJson {
    private ResultsJson() {}

    static String of(Results results) {
        Origin o = results.origin;
        return value(
                        members(
                                "version", o.version(),
                                "date", o.date().toString(),
                                "host",
                                        members(
                                                "cpu", o.cpu(),
                                                "processors", o.processors(),
                                                "os", o.os(),
                                                "java", o.java(),
                                                "load", o.load()),
                                "repeat", results.rounds.most(),
                                "relativeTo", results.nativeKnown() ? "native" : "fastest",
                                "rows", results.cells.stream().map(c -> row(results, c)).toList(),
                                "means",
                                        results.bits().stream()
                                                .flatMap(b ->
                                                        results.ways().stream()
                                                                .map(w -> mean(results, b, w)))
                                                .toList()))
                + "\n";
    }

    private static Map<String, Object> row(Results results, Cell cell) {
        return members(
                "engine", cell.way.engine(),
                "mmu", cell.way.mmu().isEmpty() ? null : cell.way.mmu(),
                "bits", cell.bits,
                "kernel", cell.kernel.name(),
                "seconds", cell.seconds(),
                "wallSeconds", cell.wallSeconds(),
                "runs", cell.readings().stream().map(Reading::cpuSeconds).toList(),
                "checksumOk", cell.readings().isEmpty() ? null : !cell.wrong(),
                "percent", results.percent(cell),
                "relativeTo",
                        results.reference(cell.bits, cell.kernel)
                                .map(r -> r.way.label())
                                .orElse(null),
                "problem", cell.problem().orElse(null));
    }

    private static Map<String, Object> mean(Results results, int bits, Way way) {
        return members(
                "engine", way.engine(),
                "mmu", way.mmu(),
                "bits", bits,
                "kernels", results.averaged(bits).stream().map(Kernel::name).toList(),
                "percent", results.mean(bits, way));
    }

    private static Map<String, Object> members(Object... namesAndValues) {
        Map<String, Object> members = new LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            members.put((String) namesAndValues[i], namesAndValues[i + 1]);
        }
        return members;
    }

    private static String value(Object value) {
        return switch (value) {
            case null -> "null";
            case Map<?, ?> map ->
                    map.entrySet().stream()
                            .map(e -> value(e.getKey()) + ": " + value(e.getValue()))
                            .collect(Collectors.joining(", ", "{", "}"));
            case List<?> list ->
                    list.stream()
                            .map(ResultsJson::value)
                            .collect(Collectors.joining(separator(list), "[", "]"));
            case OptionalDouble number -> number.isPresent() ? value(number.getAsDouble()) : "null";
            case Double d when !Double.isFinite(d) -> "null";
            case Double d -> Double.toString(Math.round(d * 1e6) / 1e6);
            case Number n -> n.toString();
            case Boolean b -> b.toString();
            default -> quoted(value.toString());
        };
    }

    /** Objects in a list stand on lines of their own, for those who read it. */
    private static String separator(Collection<?> list) {
        return list.stream().anyMatch(Map.class::isInstance) ? ",\n" : ", ";
    }

    /** RFC 8259 §7 "Strings". */
    private static String quoted(String text) {
        var all = new StringBuilder("\"");
        for (char c : text.toCharArray()) {
            if (c == '"' || c == '\\') {
                all.append('\\').append(c);
            } else if (Character.isISOControl(c) || Character.isSurrogate(c)) {
                all.append("\\u%04x".formatted((int) c));
            } else {
                all.append(c);
            }
        }
        return all.append('"').toString();
    }
}
