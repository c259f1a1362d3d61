package trivium.machine.life;

import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import trivium.cpu.CodeKind;
import trivium.cpu.Estimate;

/**
 * Which engine is the best for what a guest does: the one in which it would come furthest in the
 * same time. It changes its mind slowly: another engine must be better by a good part several times
 * in a row, less often where it is clearly better, and each change makes the next one wait longer.
 * Knows no VM; time is what it is told.
 */
final class Policy {
    /** How much better an engine must be, and how often in a row. */
    static final double BETTER = 1.15;

    static final int TIMES = 3;

    /** Where it is so much better, it is believed sooner. */
    static final double CLEARLY = 1.4;

    static final int CLEAR_TIMES = 2;

    /** Samples of a running vCPU without which nothing is said. */
    static final double ENOUGH = 8;

    private static final long FIRST_PAUSE_NANOS = 10_000_000_000L;
    private static final long LONGEST_PAUSE_NANOS = 600_000_000_000L;

    private final boolean caveats;
    private String candidate;
    private int seen;
    private long pauseNanos = FIRST_PAUSE_NANOS;
    private long notBefore = Long.MIN_VALUE;

    /**
     * @param caveats whether engines may be chosen of which guests see more than they should
     */
    Policy(boolean caveats) {
        this.caveats = caveats;
    }

    /** The speed in a mix of code, as a share of the host's: what takes longer counts more. */
    static double speed(Estimate estimate, Map<CodeKind, Double> kinds) {
        double time = 0;
        for (Map.Entry<CodeKind, Double> kind : kinds.entrySet()) {
            double speed = estimate.speeds().getOrDefault(kind.getKey(), 0.0);
            if (speed <= 0) {
                return 0;
            }
            time += kind.getValue() / speed;
        }
        return time == 0 ? 0 : 1 / time;
    }

    /**
     * The shares are of time on the present engine, which spends more of it where it is slow:
     * turned into shares of the work.
     */
    static Map<CodeKind, Double> work(Map<CodeKind, Double> time, Estimate on) {
        Map<CodeKind, Double> work = new TreeMap<>();
        double all = 0;
        for (Map.Entry<CodeKind, Double> kind : time.entrySet()) {
            double done = kind.getValue() * on.speeds().getOrDefault(kind.getKey(), 1.0);
            work.put(kind.getKey(), done);
            all += done;
        }
        double sum = all;
        work.replaceAll((_, done) -> done / sum);
        return work;
    }

    /** Speeds of all that may be considered, the best first. */
    static Map<String, Double> rank(
            Map<String, Estimate> engines, String present, Map<CodeKind, Double> time) {
        Map<CodeKind, Double> work = work(time, engines.getOrDefault(present, Estimate.NONE));
        Map<String, Double> speeds = new LinkedHashMap<>();
        engines.entrySet().stream()
                .map(e -> Map.entry(e.getKey(), speed(e.getValue(), work)))
                .filter(e -> e.getValue() > 0)
                .sorted(Map.Entry.comparingByValue(Comparator.reverseOrder()))
                .forEachOrdered(e -> speeds.put(e.getKey(), e.getValue()));
        return speeds;
    }

    /** The best engine that "auto" may take; the present one if none is, or is known to be. */
    String best(Map<String, Estimate> engines, String present, Map<CodeKind, Double> time) {
        for (String name : rank(engines, present, time).keySet()) {
            if (caveats || engines.get(name).caveat().isEmpty()) {
                return name;
            }
        }
        return present;
    }

    /**
     * To be asked at regular times.
     *
     * @return what to change to, if that is to be done now
     */
    Optional<String> decide(
            Map<String, Estimate> engines, String present, Samples samples, long nowNanos) {
        if (samples.busy() < ENOUGH) {
            seen = 0;
            return Optional.empty();
        }
        Map<CodeKind, Double> time = samples.kinds();
        Map<String, Double> speeds = rank(engines, present, time);
        String best = best(engines, present, time);
        double gain =
                speeds.getOrDefault(best, 0.0) / speeds.getOrDefault(present, Double.MIN_NORMAL);
        if (best.equals(present) || gain < BETTER) {
            seen = 0;
            return Optional.empty();
        }
        seen = best.equals(candidate) ? seen + 1 : 1;
        candidate = best;
        if (seen < (gain < CLEARLY ? TIMES : CLEAR_TIMES)
                || nowNanos < notBefore && notBefore != Long.MIN_VALUE) {
            return Optional.empty();
        }
        seen = 0;
        changed(nowNanos);
        return Optional.of(best);
    }

    private void changed(long nowNanos) {
        notBefore = nowNanos + pauseNanos;
        pauseNanos = Math.min(2 * pauseNanos, LONGEST_PAUSE_NANOS);
    }
}
