package trivium.console;

import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;
import trivium.vm.Vm;

/** What happened between two looks at a VM's statistics, by second of wall time. */
record Rates(Vm.Statistics before, Vm.Statistics after) {
    private static final String EXIT = "exit-", INTERPRETED = "interpreted-";

    /** Seconds between the two; a VM that was started anew meanwhile counts from its start. */
    double seconds() {
        return Math.max(1, since(before.wallNanos(), after.wallNanos())) / 1e9;
    }

    private static long since(long before, long after) {
        return after >= before ? after - before : after;
    }

    /** Million guest instructions per second. */
    double mips() {
        return since(before.instructions(), after.instructions()) / 1e6 / seconds();
    }

    /** Host CPU time of the vCPU threads; 100 is one core. */
    double cpuPercent() {
        return since(before.cpuNanos(), after.cpuNanos()) / 1e7 / seconds();
    }

    boolean has(String counter) {
        return after.counters().containsKey(counter);
    }

    long count(String counter) {
        return since(
                before.counters().getOrDefault(counter, 0L),
                after.counters().getOrDefault(counter, 0L));
    }

    OptionalDouble perSecond(String counter) {
        return has(counter)
                ? OptionalDouble.of(count(counter) / seconds())
                : OptionalDouble.empty();
    }

    /** How far translated code runs before it returns: what chaining is worth. */
    OptionalDouble instructionsPerExit() {
        long exits = exits().values().stream().mapToLong(Long::longValue).sum();
        return exits == 0 || !has("instructions-native")
                ? OptionalDouble.empty()
                : OptionalDouble.of((double) count("instructions-native") / exits);
    }

    /** Instructions retired in translated code, in percent of all. */
    OptionalDouble nativePercent() {
        long all = since(before.instructions(), after.instructions());
        return all == 0 || !has("instructions-native")
                ? OptionalDouble.empty()
                : OptionalDouble.of(100.0 * count("instructions-native") / all);
    }

    /** Exits from translated code by cause. */
    Map<String, Long> exits() {
        return group(EXIT);
    }

    /** Instructions that translated code left to an interpreter, by mnemonic or other cause. */
    Map<String, Long> interpreted() {
        return group(INTERPRETED);
    }

    static boolean grouped(String counter) {
        return counter.startsWith(EXIT) || counter.startsWith(INTERPRETED);
    }

    private Map<String, Long> group(String prefix) {
        Map<String, Long> group = new TreeMap<>();
        for (String counter : after.counters().keySet()) {
            if (counter.startsWith(prefix)) {
                group.put(counter.substring(prefix.length()), count(counter));
            }
        }
        return group;
    }

    /** The most frequent cause with its share, such as "tlb-miss 61 %". */
    Optional<String> topExit() {
        Map<String, Long> exits = exits();
        long all = exits.values().stream().mapToLong(Long::longValue).sum();
        return exits.entrySet().stream()
                .max(Comparator.comparingLong(Map.Entry::getValue))
                .filter(exit -> exit.getValue() > 0)
                .map(exit -> "%s %.0f %%".formatted(exit.getKey(), 100.0 * exit.getValue() / all));
    }

    /** "1.5 of 32.0 MiB": host code in the engine's cache; empty for engines without one. */
    Optional<String> cache() {
        if (!has("cache-bytes")) {
            return Optional.empty();
        }
        double used = after.counters().get("cache-bytes") / 0x1p20;
        double all = after.counters().getOrDefault("cache-capacity-bytes", 0L) / 0x1p20;
        return Optional.of("%.1f of %.1f MiB".formatted(used, all));
    }
}
