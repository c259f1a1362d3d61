package trivium.machine.life;

import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import trivium.cpu.CodeKind;

/**
 * What vCPUs were found doing, with what is older counting less: each call of {@link #age} halves
 * it. Thread-safe.
 */
final class Samples {
    private final Map<CodeKind, Double> counts = new EnumMap<>(CodeKind.class);
    private double idle;

    synchronized void runs(CodeKind kind) {
        counts.merge(kind, 1.0, Double::sum);
    }

    synchronized void idle() {
        idle++;
    }

    synchronized void age() {
        counts.replaceAll((_, n) -> n / 2);
        idle /= 2;
    }

    synchronized void clear() {
        counts.clear();
        idle = 0;
    }

    /** How many, less the aged part. */
    synchronized double busy() {
        return counts.values().stream().mapToDouble(n -> n).sum();
    }

    /** Of the time in which it ran, by kind. */
    synchronized Map<CodeKind, Double> kinds() {
        double all = busy();
        Map<CodeKind, Double> shares = new EnumMap<>(CodeKind.class);
        counts.forEach((kind, n) -> shares.put(kind, n / all));
        return shares;
    }

    /** Of all the time, by name; empty if there is nothing. */
    synchronized Map<String, Double> shares() {
        double all = busy() + idle;
        Map<String, Double> shares = new LinkedHashMap<>();
        if (all > 0) {
            shares.put("idle", idle / all);
            counts.forEach((kind, n) -> shares.put(kind.toString(), n / all));
        }
        return shares;
    }
}
