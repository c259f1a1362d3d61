package trivium.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.stream.Collectors;

/**
 * A bar chart, before it is drawn: groups of bars in percent.
 *
 * @param ways their places are the bars' colours
 */
record Chart(String title, List<String> notes, List<String> ways, List<Group> groups) {
    record Group(String title, String remark, List<Bar> bars) {}

    /**
     * @param way its place in {@link Chart#ways}
     * @param percent empty: there is no bar, and the text says why
     */
    record Bar(int way, OptionalDouble percent, String text) {}

    /** The right end of the axis: 100, or more if a bar needs it. */
    double end() {
        double longest =
                groups.stream()
                        .flatMap(g -> g.bars.stream())
                        .mapToDouble(b -> b.percent.orElse(0))
                        .max()
                        .orElse(0);
        return Math.max(100, Math.ceil(longest / 25) * 25);
    }

    static Chart of(Results results) {
        List<Way> ways = results.ways();
        List<Group> groups = new ArrayList<>();
        for (int bits : results.bits()) {
            for (Kernel kernel : results.kernels()) {
                groups.add(group(results, bits, kernel, ways));
            }
            groups.add(mean(results, bits, ways));
        }
        return new Chart(
                title(results), notes(results), ways.stream().map(Way::label).toList(), groups);
    }

    private static String title(Results results) {
        if (results.nativeKnown()) {
            return "Performance relative to native";
        }
        return "Performance relative to the fastest engine"
                + (results.nativeTried() ? " (native could not be measured)" : "");
    }

    private static List<String> notes(Results results) {
        List<String> notes = new ArrayList<>();
        notes.add(results.origin.text());
        notes.add(
                "Percent of the speed: more is better. CPU time of the vCPU's thread (%s)."
                        .formatted(results.rounds.text()));
        results.cells.stream()
                .filter(c -> c.way == Way.NATIVE && c.problem().isPresent())
                .map(c ->
                        "Native, %d-bit %s: %s"
                                .formatted(c.bits, c.kernel.name(), c.problem().get()))
                .forEach(notes::add);
        return notes;
    }

    private static Group group(Results results, int bits, Kernel kernel, List<Way> ways) {
        List<Bar> bars = new ArrayList<>();
        for (int i = 0; i < ways.size(); i++) {
            Cell cell = results.cell(bits, kernel, ways.get(i)).orElseThrow();
            bars.add(bar(i, results, cell));
        }
        return new Group(kernel.name() + ", " + bits + "-bit", remark(results, bits, kernel), bars);
    }

    private static Bar bar(int way, Results results, Cell cell) {
        OptionalDouble percent = results.percent(cell);
        String text =
                percent.isPresent()
                        ? percent(percent.getAsDouble())
                                + "  "
                                + seconds(cell.seconds().getAsDouble())
                        : cell.problem().orElse("nothing to compare it with");
        return new Bar(way, percent, text);
    }

    private static String remark(Results results, int bits, Kernel kernel) {
        String time = kernel.waits() ? ", time on the clock" : "";
        return results.reference(bits, kernel)
                .map(r ->
                        r.way == Way.NATIVE
                                ? "native " + seconds(r.seconds().getAsDouble())
                                : "100% is the fastest here: " + r.way.label() + time)
                .orElse("no right result");
    }

    private static Group mean(Results results, int bits, List<Way> ways) {
        List<Bar> bars = new ArrayList<>();
        for (int i = 0; i < ways.size(); i++) {
            OptionalDouble mean = results.mean(bits, ways.get(i));
            String text = mean.isPresent() ? percent(mean.getAsDouble()) : "lacks a kernel";
            bars.add(new Bar(i, mean, text));
        }
        String kernels =
                results.averaged(bits).stream().map(Kernel::name).collect(Collectors.joining(" "));
        return new Group("geometric mean, " + bits + "-bit", kernels, bars);
    }

    private static String percent(double value) {
        return String.format(Locale.ROOT, "%5.1f%%", value);
    }

    private static String seconds(double value) {
        return String.format(Locale.ROOT, value < 10 ? "%.3f s" : "%.1f s", value);
    }
}
