package trivium.console;

import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import trivium.vm.Vm;
import trivium.vm.VmException;

@Service
@Command(
        scope = "vm",
        name = "stats",
        description = "Shows what a VM did: instructions, CPU time, exits.",
        detailedDescription = "classpath:stats.txt")
public final class StatsCommand extends VmCommand {
    @Argument(name = "name", description = "The VM", required = true)
    @Completion(VmNames.Any.class)
    String name;

    @Option(name = "--json", description = "Print a JSON object")
    boolean json;

    private static final Vm.Statistics NOTHING = new Vm.Statistics(0, 0, 0, Map.of());

    @Override
    void run() throws VmException {
        Vm vm = vm(name);
        Vm.Statistics s = vm.statistics();
        if (json) {
            Map<String, Object> members = members(vm, s);
            members.put("counters", new TreeMap<>(s.counters()));
            print(members);
        } else {
            Describe.lines(text(vm, s)).forEach(out::println);
        }
    }

    private static Map<String, Object> members(Vm vm, Vm.Statistics s) {
        return Json.object(
                "name",
                vm.id(),
                "state",
                vm.state(),
                "engine",
                vm.engine(),
                "instructions",
                s.instructions(),
                "cpuMillis",
                s.cpuNanos() / 1_000_000,
                "wallMillis",
                s.wallNanos() / 1_000_000,
                "instructionsPerCpuSecond",
                s.cpuNanos() <= 0 ? 0L : (long) (s.instructions() * 1e9 / s.cpuNanos()));
    }

    /** Shares beside numbers; causes sorted by number, the other counters by name. */
    private static Map<String, Object> text(Vm vm, Vm.Statistics s) {
        Rates sinceStart = new Rates(NOTHING, s);
        Map<String, Object> text = members(vm, s);
        text.put("mips", "%.1f".formatted((Long) text.remove("instructionsPerCpuSecond") / 1e6));
        sinceStart.nativePercent().ifPresent(n -> text.put("native", "%.2f %%".formatted(n)));
        sinceStart
                .instructionsPerExit()
                .ifPresent(n -> text.put("instructionsPerExit", "%.1f".formatted(n)));
        sinceStart.cache().ifPresent(cache -> text.put("codeCache", cache));
        Map<String, Long> others = new TreeMap<>(s.counters());
        others.keySet().removeIf(Rates::grouped);
        text.put("counters", others);
        text.put("exits", byNumber(sinceStart.exits()));
        text.put("interpreted", byNumber(sinceStart.interpreted()));
        return text;
    }

    private static Map<String, String> byNumber(Map<String, Long> causes) {
        long all = Math.max(1, causes.values().stream().mapToLong(Long::longValue).sum());
        Map<String, String> lines = new LinkedHashMap<>();
        causes.entrySet().stream()
                .sorted(Map.Entry.comparingByValue(Comparator.reverseOrder()))
                .forEach(cause ->
                        lines.put(
                                cause.getKey(),
                                "%d (%.1f %%)"
                                        .formatted(
                                                cause.getValue(), 100.0 * cause.getValue() / all)));
        return lines;
    }
}
