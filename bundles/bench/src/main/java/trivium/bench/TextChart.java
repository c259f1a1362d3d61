package trivium.bench;

import java.util.List;
import java.util.OptionalDouble;
import trivium.vm.Benchmark.Look;

/** A chart in characters: labels on the left, bars of eighths of a character, figures behind. */
final class TextChart {
    private static final int NARROWEST = 10, INDENT = 2;
    private static final String EIGHTHS = " ▏▎▍▌▋▊▉";

    /** ECMA-48 "SGR": foreground colours that can be told apart on dark and on light. */
    private static final int[] COLOURS = {34, 32, 35, 36, 33, 31, 94, 92};

    private final Chart chart;
    private final Look look;
    private final int label, bar;
    private final StringBuilder text = new StringBuilder();

    TextChart(Chart chart, Look look) {
        this.chart = chart;
        this.look = look;
        this.label = chart.ways().stream().mapToInt(String::length).max().orElse(0);
        int figures =
                chart.groups().stream()
                        .flatMap(g -> g.bars().stream())
                        .filter(b -> b.percent().isPresent())
                        .mapToInt(b -> b.text().length())
                        .max()
                        .orElse(0);
        this.bar = Math.max(NARROWEST, look.columns() - INDENT - label - figures - 3);
    }

    String draw() {
        line(chart.title());
        chart.notes().forEach(this::line);
        for (Chart.Group group : chart.groups()) {
            line("");
            line(group.remark().isEmpty() ? group.title() : group.title() + "   " + group.remark());
            group.bars().forEach(this::draw);
        }
        axis();
        return text.toString();
    }

    private void draw(Chart.Bar bar) {
        String name = " ".repeat(INDENT) + pad(chart.ways().get(bar.way()), label) + " ";
        if (bar.percent().isEmpty()) {
            line(name + bar.text());
        } else {
            line(
                    name
                            + coloured(bar.way(), pad(filled(bar.percent()), this.bar))
                            + " "
                            + bar.text());
        }
    }

    private String filled(OptionalDouble percent) {
        double length = percent.orElse(0) / chart.end() * bar;
        if (!look.blocks()) {
            return "#".repeat((int) Math.round(length));
        }
        int eighths = (int) Math.round(length * 8);
        String rest = eighths % 8 == 0 ? "" : EIGHTHS.substring(eighths % 8, eighths % 8 + 1);
        return "█".repeat(eighths / 8) + rest;
    }

    private String coloured(int way, String bar) {
        return look.colours()
                ? "\u001b[%dm%s\u001b[0m".formatted(COLOURS[way % COLOURS.length], bar)
                : bar;
    }

    /** Its marks stand where bars of 0, 50 and 100 percent end. */
    private void axis() {
        line("");
        var marks = new StringBuilder(" ".repeat(INDENT + label + 1 + bar + 5));
        for (int percent : List.of(0, 50, 100)) {
            int at = INDENT + label + 1 + (int) Math.round(percent / chart.end() * bar);
            String mark = (look.blocks() ? "╵" : "^") + percent + "%";
            int from = percent == 0 ? at : at - 1; // under the last character of such a bar
            marks.replace(from, from + mark.length(), mark);
        }
        line(marks.toString());
    }

    private static String pad(String words, int width) {
        return words + " ".repeat(Math.max(0, width - words.length()));
    }

    private void line(String words) {
        text.append(words.stripTrailing()).append('\n');
    }
}
