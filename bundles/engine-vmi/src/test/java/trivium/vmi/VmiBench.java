package trivium.vmi;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import trivium.vm.VmException;
import trivium.vmi.BenchLoops.Loop;

/**
 * Measures the loops of {@link BenchLoops}: with instructions on bt and vt, with calls on vmi.
 * Prints a table and a chart of performance relative to bt, and writes the chart as SVG: {@code
 * bench/vmi.sh [FILE.svg [ROUNDS]]}.
 */
final class VmiBench {
    private static final int BAR = 40;

    /**
     * @param rom null: the guest's own instructions
     * @param slower so many times fewer rounds
     */
    private record Way(String name, String engine, Rom.Variant rom, int slower) {}

    private static final List<Way> WAYS =
            List.of(
                    new Way("bt", "bt", null, 1),
                    new Way("vt", "vt", null, 50),
                    new Way("vmi", "vmi", Rom.Variant.FULL, 1),
                    new Way("vmi-lean", "vmi", Rom.Variant.LEAN, 1));

    private VmiBench() {}

    public static void main(String[] args) throws Exception {
        Path svg = Path.of(args.length > 0 ? args[0] : "vmi-chart.svg");
        int rounds = args.length > 1 ? Integer.parseInt(args[1]) : 3;
        Path folder = Files.createTempDirectory("vmi-bench");
        Map<Loop, Map<String, Double>> nanos = new EnumMap<>(Loop.class);
        for (int round = 0; round < rounds; round++) {
            for (Loop loop : Loop.values()) {
                var all = nanos.computeIfAbsent(loop, _ -> new LinkedHashMap<>());
                for (Way way : WAYS) {
                    OptionalDouble n = measure(folder, loop, way);
                    if (n.isPresent()) {
                        all.merge(way.name, n.getAsDouble(), Math::min);
                    }
                }
            }
        }
        print(nanos, System.out);
        Files.writeString(svg, svg(nanos), StandardCharsets.UTF_8);
        System.out.println("chart: " + svg);
    }

    /** The best of several times, nanoseconds for each; empty if the engine is not for here. */
    private static OptionalDouble measure(Path folder, Loop loop, Way way) throws IOException {
        int rounds = Math.max(10, loop.rounds / way.slower);
        byte[] image = BenchLoops.image(loop, way.rom, rounds);
        byte[] rom = way.rom == null ? null : Pc.rom(way.rom, Map.of());
        try (Pc pc = new Pc(folder, image, way.engine, 1, rom)) {
            return OptionalDouble.of(best(pc) / rounds / loop.each());
        } catch (VmException | AssertionError e) {
            System.err.println(loop + " on " + way.name + ": " + e.getMessage());
            return OptionalDouble.empty();
        }
    }

    private static double best(Pc pc) {
        try {
            return Arrays.stream(pc.results().values())
                    .mapToLong(Integer::toUnsignedLong)
                    .min()
                    .orElseThrow();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private static double relative(Map<String, Double> all, String way) {
        return all.get("bt") / all.get(way);
    }

    private static String title(Loop loop) {
        return loop.name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    private static void print(Map<Loop, Map<String, Double>> nanos, PrintStream out) {
        out.printf("performance relative to bt (more is better), and nanoseconds for each%n");
        nanos.forEach((loop, all) -> {
            out.println(title(loop));
            for (String way : all.keySet()) {
                double r = relative(all, way);
                String bar = "#".repeat(Math.clamp(Math.round(r * BAR / 2), 1, 2 * BAR));
                out.printf("  %-8s %-80s %5.2f %9.1f ns%n", way, bar, r, all.get(way));
            }
        });
    }

    private static String svg(Map<Loop, Map<String, Double>> nanos) {
        var s = new StringBuilder();
        int row = 18, group = row * WAYS.size() + 14, width = 760, left = 150, unit = 260;
        int height = 50 + group * nanos.size();
        s.append(
                "<svg xmlns='http://www.w3.org/2000/svg' width='%d' height='%d' "
                        .formatted(width, height));
        s.append(
                "font-family='sans-serif' font-size='13'>\n<rect width='100%' height='100%' fill='white'/>\n");
        s.append(
                "<text x='10' y='22' font-size='15'>Performance relative to BT (more is better)</text>\n");
        String[] colours = {"#8da0cb", "#66c2a5", "#fc8d62", "#e78ac3"};
        int y = 44;
        for (var entry : nanos.entrySet()) {
            s.append("<text x='10' y='%d'>%s</text>\n".formatted(y + row, title(entry.getKey())));
            int i = 0;
            for (Way one : WAYS) {
                String way = one.name;
                if (entry.getValue().containsKey(way)) {
                    double r = relative(entry.getValue(), way);
                    double bar = Math.min(r, 2) * unit;
                    int at = y + i * row;
                    s.append(
                            String.format(
                                    Locale.ROOT,
                                    "<rect x='%d' y='%d' width='%.1f' height='%d' fill='%s'/>%n",
                                    left,
                                    at,
                                    bar,
                                    row - 4,
                                    colours[i]));
                    s.append(
                            String.format(
                                    Locale.ROOT,
                                    "<text x='%.1f' y='%d' font-size='11'>%s %.2f (%.0f ns)</text>%n",
                                    left + Math.min(bar, unit * 1.7) + 4,
                                    at + 11,
                                    way,
                                    r,
                                    entry.getValue().get(way)));
                }
                i++;
            }
            y += group;
        }
        s.append(
                String.format(
                        Locale.ROOT,
                        "<line x1='%d' y1='36' x2='%d' y2='%d' stroke='#444' stroke-dasharray='4 3'/>%n</svg>%n",
                        left + unit,
                        left + unit,
                        height - 8));
        return s.toString();
    }
}
