package trivium.bench;

import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import trivium.vm.Benchmark;

/** What was measured, and how that compares. */
final class Results implements Benchmark.Report {
    final Origin origin;
    final Rounds rounds;
    final List<Cell> cells;

    Results(Origin origin, Rounds rounds, List<Cell> cells) {
        this.origin = origin;
        this.rounds = rounds;
        this.cells = List.copyOf(cells);
    }

    /** Whether native was measured at all. */
    boolean nativeKnown() {
        return bits().stream().anyMatch(this::nativeKnown);
    }

    private boolean nativeKnown(int bits) {
        return cells.stream()
                .anyMatch(c -> c.bits == bits && c.way == Way.NATIVE && c.seconds().isPresent());
    }

    /** Whether there were kernels that a program of the host can do. */
    boolean nativeTried() {
        return cells.stream().anyMatch(c -> c.way == Way.NATIVE);
    }

    List<Integer> bits() {
        return cells.stream().map(c -> c.bits).distinct().toList();
    }

    List<Kernel> kernels() {
        return cells.stream().map(c -> c.kernel).distinct().toList();
    }

    /** All but native. */
    List<Way> ways() {
        return cells.stream().map(c -> c.way).filter(w -> w != Way.NATIVE).distinct().toList();
    }

    List<Cell> row(int bits, Kernel kernel) {
        return cells.stream().filter(c -> c.bits == bits && c.kernel.equals(kernel)).toList();
    }

    Optional<Cell> cell(int bits, Kernel kernel, Way way) {
        return row(bits, kernel).stream().filter(c -> c.way.equals(way)).findFirst();
    }

    /** What a kernel is compared with: native, else the fastest; empty if nothing is right. */
    Optional<Cell> reference(int bits, Kernel kernel) {
        Optional<Cell> natively =
                cell(bits, kernel, Way.NATIVE).filter(c -> c.seconds().isPresent());
        return natively.or(() ->
                row(bits, kernel).stream()
                        .filter(c -> c.seconds().isPresent())
                        .min((a, b) ->
                                Double.compare(
                                        a.seconds().getAsDouble(), b.seconds().getAsDouble())));
    }

    /** Its speed in percent of the reference's; empty without a right result. */
    OptionalDouble percent(Cell cell) {
        OptionalDouble own = cell.seconds();
        Optional<Cell> reference = reference(cell.bits, cell.kernel);
        if (own.isEmpty() || reference.isEmpty()) {
            return OptionalDouble.empty();
        }
        double tick = 1e-9; // a time too short for the clock
        double all = Math.max(tick, reference.get().seconds().getAsDouble());
        return OptionalDouble.of(100 * all / Math.max(tick, own.getAsDouble()));
    }

    /** The kernels that go into the mean: those compared with native, if that is known. */
    List<Kernel> averaged(int bits) {
        return kernels().stream()
                .filter(k ->
                        reference(bits, k)
                                .filter(r -> !nativeKnown(bits) || r.way == Way.NATIVE)
                                .isPresent())
                .toList();
    }

    /** The geometric mean; empty for a way that lacks one of the kernels. */
    OptionalDouble mean(int bits, Way way) {
        double logs = 0;
        List<Kernel> kernels = averaged(bits);
        for (Kernel kernel : kernels) {
            OptionalDouble percent =
                    cell(bits, kernel, way).map(this::percent).orElse(OptionalDouble.empty());
            if (percent.isEmpty()) {
                return OptionalDouble.empty();
            }
            logs += Math.log(percent.getAsDouble());
        }
        return kernels.isEmpty()
                ? OptionalDouble.empty()
                : OptionalDouble.of(Math.exp(logs / kernels.size()));
    }

    @Override
    public String text(Benchmark.Look look) {
        return new TextChart(Chart.of(this), look).draw();
    }

    @Override
    public String svg() {
        return new SvgChart(Chart.of(this)).draw();
    }

    @Override
    public String json() {
        return ResultsJson.of(this);
    }

    @Override
    public boolean right() {
        return cells.stream().noneMatch(Cell::wrong);
    }
}
