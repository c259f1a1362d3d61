package trivium.console;

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

    @Override
    void run() throws VmException {
        Map<String, Object> members = members(vm(name));
        if (json) {
            print(members);
        } else {
            Describe.lines(members).forEach(out::println);
        }
    }

    private static Map<String, Object> members(Vm vm) {
        Vm.Statistics s = vm.statistics();
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
                s.cpuNanos() <= 0 ? 0L : (long) (s.instructions() * 1e9 / s.cpuNanos()),
                "counters",
                new TreeMap<>(s.counters()));
    }
}
