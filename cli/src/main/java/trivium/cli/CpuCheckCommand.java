package trivium.cli;

import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import trivium.cpu.CpuCheck;
import trivium.cpu.CpuCheck.Finding;

/** {@code trivium cpu-check}: what this host's CPU does for guests. */
final class CpuCheckCommand {
    private static final String USAGE =
            """
            Usage: trivium cpu-check [--json]
            Finds out what this host's CPU does for guests; takes two seconds.
            """;

    private final PrintStream out, err;
    private final CpuCheck check;

    CpuCheckCommand(PrintStream out, PrintStream err, CpuCheck check) {
        this.out = out;
        this.err = err;
        this.check = check;
    }

    int run(List<String> args) {
        if (args.contains("--help")) {
            out.print(USAGE);
            return 0;
        }
        if (!args.isEmpty() && !args.equals(List.of("--json"))) {
            err.print(USAGE);
            return Main.WRONG_USAGE;
        }
        List<Finding> findings = check.check().findings();
        out.print(args.isEmpty() ? table(findings) : json(findings));
        return 0;
    }

    private static String table(List<Finding> findings) {
        int first = findings.stream().mapToInt(f -> f.title().length()).max().orElse(0);
        int second = findings.stream().mapToInt(f -> f.text().length()).max().orElse(0);
        String format = "%%-%ds  %%-%ds  %%s".formatted(first, second);
        var lines = new StringBuilder();
        String group = "";
        for (Finding f : findings) {
            if (!f.group().equals(group)) {
                lines.append(group.isEmpty() ? "" : "\n");
                group = f.group();
            }
            lines.append(format.formatted(f.title(), f.text(), f.note()).stripTrailing())
                    .append('\n');
        }
        return lines.toString();
    }

    private static String json(List<Finding> findings) {
        Map<String, List<Finding>> groups =
                findings.stream()
                        .collect(
                                Collectors.groupingBy(
                                        Finding::group, LinkedHashMap::new, Collectors.toList()));
        return groups.entrySet().stream()
                .map(g -> "%s: {%s}".formatted(quoted(g.getKey()), members(g.getValue())))
                .collect(Collectors.joining(", ", "{", "}\n"));
    }

    private static String members(List<Finding> findings) {
        return findings.stream()
                .map(f ->
                        "%s: {\"value\": %s, \"unit\": %s, \"note\": %s}"
                                .formatted(
                                        quoted(f.key()),
                                        value(f.value()),
                                        quoted(f.unit()),
                                        quoted(f.note())))
                .collect(Collectors.joining(", "));
    }

    private static String value(Object value) {
        return value instanceof Number || value instanceof Boolean
                ? value.toString()
                : quoted(value.toString());
    }

    /** RFC 8259 §7 "Strings". */
    private static String quoted(String text) {
        var all = new StringBuilder("\"");
        for (char c : text.toCharArray()) {
            if (c == '"' || c == '\\') {
                all.append('\\').append(c);
            } else if (Character.isISOControl(c)) {
                all.append("\\u%04x".formatted((int) c));
            } else {
                all.append(c);
            }
        }
        return all.append('"').toString();
    }
}
