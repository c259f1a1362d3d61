package trivium.bench;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * A chart as SVG 1.1 that needs nothing else: colours follow the reader's light or dark mode, each
 * bar has a title, and a description says the means in words.
 */
final class SvgChart {
    private static final int WIDTH = 860, LEFT = 160, BAR = 560, ROW = 15, GAP = 30, LINE = 18;
    private static final int LEGEND_COLUMNS = 4, LEGEND_WIDTH = 200;
    private static final String STYLE =
            """
            text { font: 12px system-ui, sans-serif; fill: #24292f }
            .page { fill: #ffffff } .grid { stroke: #d0d7de } .full { stroke: #6e7781; stroke-dasharray: 4 3 }
            .title { font-size: 17px; font-weight: 600 } .note { font-size: 11px; fill: #57606a } .group { font-weight: 600 }
            @media (prefers-color-scheme: dark) {
              text { fill: #e6edf3 } .page { fill: #0d1117 } .grid { stroke: #30363d } .full { stroke: #8b949e }
              .note { fill: #9da7b3 }
            }
            """;

    /** Mid tones, which stand out from white and from black. */
    private static final List<String> COLOURS =
            List.of(
                    "#3b82c4", "#e0812b", "#3f9d59", "#a96bb8", "#2aa198", "#d4575b", "#a5794b",
                    "#8f9a2f");

    private final Chart chart;
    private final StringBuilder body = new StringBuilder();
    private int y = 0;

    SvgChart(Chart chart) {
        this.chart = chart;
    }

    String draw() {
        head();
        int top = y;
        chart.groups().forEach(this::group);
        String axis = axis(top, y);
        int height = y + 2 * LINE;
        return """
        <svg xmlns="http://www.w3.org/2000/svg" width="%1$d" height="%2$d" viewBox="0 0 %1$d %2$d" role="img" aria-labelledby="title summary">
        <title id="title">%3$s</title>
        <desc id="summary">%4$s</desc>
        <style>
        %5$s</style>
        <rect class="page" width="%1$d" height="%2$d"/>
        %6$s%7$s</svg>
        """
                .formatted(
                        WIDTH,
                        height,
                        escaped(chart.title()),
                        escaped(summary()),
                        STYLE,
                        axis,
                        body);
    }

    private void head() {
        y = 28;
        text(12, y, "title", chart.title());
        for (String note : chart.notes()) {
            y += LINE;
            text(12, y, "note", note);
        }
        y += 8;
        for (int i = 0; i < chart.ways().size(); i++) {
            int x = 12 + i % LEGEND_COLUMNS * LEGEND_WIDTH;
            y += i % LEGEND_COLUMNS == 0 ? LINE : 0;
            rect(x, y - 10, 12, 12, i, chart.ways().get(i));
            text(x + 18, y, "", chart.ways().get(i));
        }
        y += LINE;
    }

    private void group(Chart.Group group) {
        y += GAP - ROW / 2;
        text(12, y, "group", group.title());
        text(LEFT, y, "note", group.remark());
        y += 6;
        for (Chart.Bar bar : group.bars()) {
            String way = chart.ways().get(bar.way());
            double length = bar.percent().orElse(0) / chart.end() * BAR;
            String title = "%s, %s: %s".formatted(group.title(), way, bar.text().strip());
            text(24, y + ROW - 4, "", way);
            if (bar.percent().isPresent()) {
                rect(LEFT, y + 1, length, ROW - 3, bar.way(), title);
            }
            text(LEFT + length + 6, y + ROW - 4, "note", bar.text().strip());
            y += ROW;
        }
    }

    private String axis(int top, int bottom) {
        var lines = new StringBuilder();
        for (int percent = 0; percent <= chart.end(); percent += 25) {
            double x = LEFT + percent / chart.end() * BAR;
            lines.append(
                    format(
                            "<line class=\"%s\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\"/>\n",
                            percent == 100 ? "full" : "grid", x, top, x, bottom + 6));
            text(x - 10, bottom + LINE + 2, "note", percent + "%");
        }
        return lines.toString();
    }

    /** The chart for those who do not see it. */
    private String summary() {
        return chart.groups().stream()
                .map(g ->
                        g.title()
                                + ": "
                                + g.bars().stream()
                                        .map(b ->
                                                chart.ways().get(b.way()) + " " + b.text().strip())
                                        .collect(Collectors.joining(", ")))
                .collect(Collectors.joining(". ", "", "."));
    }

    private void rect(double x, int y, double width, int height, int way, String title) {
        body.append(
                format(
                        "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" rx=\"1.5\" fill=\"%s\"><title>%s</title></rect>\n",
                        x,
                        y,
                        Math.max(1, width),
                        height,
                        COLOURS.get(way % COLOURS.size()),
                        escaped(title)));
    }

    private void text(double x, int y, String style, String words) {
        body.append(
                format(
                        "<text x=\"%.1f\" y=\"%d\"%s>%s</text>\n",
                        x, y, style.isEmpty() ? "" : " class=\"" + style + "\"", escaped(words)));
    }

    private static String format(String pattern, Object... values) {
        return String.format(Locale.ROOT, pattern, values);
    }

    /** Characters that XML 1.0 cannot have at all are left out. */
    private static String escaped(String words) {
        return words.replaceAll("[\\p{Cntrl}&&[^\\t\\n]]", "")
                .replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }
}
