package trivium.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.ToDoubleFunction;

/** A kernel on a way: all its runs, and what went wrong, if something did. */
final class Cell {
    final int bits;
    final Kernel kernel;
    final Way way;
    private final List<Reading> readings = new ArrayList<>();
    private String problem;

    Cell(int bits, Kernel kernel, Way way) {
        this.bits = bits;
        this.kernel = kernel;
        this.way = way;
    }

    /** A result that is wrong makes all of them worthless. */
    void add(Reading reading) {
        readings.add(reading);
        if (reading.checksum() != kernel.checksum()) {
            problem = "WRONG checksum %08x".formatted(reading.checksum());
        }
    }

    void fail(String why) {
        problem = why;
    }

    /** Whether each run was shorter than that; true before the first one. */
    boolean shorterThan(double seconds) {
        return readings.stream().allMatch(r -> r.cpuSeconds() < seconds);
    }

    boolean wrong() {
        return readings.stream().anyMatch(r -> r.checksum() != kernel.checksum());
    }

    Optional<String> problem() {
        return Optional.ofNullable(problem);
    }

    List<Reading> readings() {
        return List.copyOf(readings);
    }

    /** What counts: the median; empty without a right result. */
    OptionalDouble seconds() {
        return kernel.waits() ? wallSeconds() : median(Reading::cpuSeconds);
    }

    OptionalDouble wallSeconds() {
        return median(Reading::wallSeconds);
    }

    private OptionalDouble median(ToDoubleFunction<Reading> what) {
        double[] sorted = readings.stream().mapToDouble(what).sorted().toArray();
        if (problem != null || sorted.length == 0) {
            return OptionalDouble.empty();
        }
        int half = sorted.length / 2;
        return OptionalDouble.of(
                sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2);
    }
}
