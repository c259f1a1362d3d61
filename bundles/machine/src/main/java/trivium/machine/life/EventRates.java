package trivium.machine.life;

import java.util.LinkedHashMap;
import java.util.Map;
import trivium.vm.Vm.Statistics;

/** How often a second what took a VM out of its guest's code happens. Used by one at a time. */
final class EventRates {
    private static final int SHOWN = 6;
    private static final double LEAST = 1;

    private Statistics before = new Statistics(0, 0, 0, Map.of());

    /** Since the last call: exits by cause, the most frequent first; TLB misses are among them. */
    Map<String, Double> since(Statistics now) {
        double seconds = (now.wallNanos() - before.wallNanos()) / 1e9;
        Map<String, Double> rates = new LinkedHashMap<>();
        if (seconds > 0) {
            now.counters().entrySet().stream()
                    .filter(counter -> counter.getKey().contains("exit"))
                    .map(c -> Map.entry(c.getKey(), (c.getValue() - was(c.getKey())) / seconds))
                    .filter(rate -> rate.getValue() >= LEAST)
                    .sorted(Map.Entry.<String, Double>comparingByValue().reversed())
                    .limit(SHOWN)
                    .forEachOrdered(rate -> rates.put(rate.getKey(), rate.getValue()));
        }
        before = now;
        return rates;
    }

    private long was(String counter) {
        return before.counters().getOrDefault(counter, 0L);
    }
}
