package trivium.console;

import java.util.Map;
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
        name = "advise",
        description = "Tells what a VM does, and which engine is best for that.",
        detailedDescription = "classpath:advise.txt")
public final class AdviseCommand extends VmCommand {
    @Argument(name = "name", description = "The VM", required = true)
    @Completion(VmNames.Any.class)
    String name;

    @Option(name = "--json", description = "Print a JSON object")
    boolean json;

    @Override
    void run() throws VmException {
        Vm vm = vm(name);
        Vm.Advice advice = vm.advice();
        if (json) {
            print(
                    Json.object(
                            "name", name,
                            "engine", vm.engine(),
                            "mmu", vm.mmu(),
                            "bestEngine", advice.engine(),
                            "bestMmu", advice.mmu(),
                            "shares", advice.shares(),
                            "ratesPerSecond", advice.rates(),
                            "reasons", advice.reasons()));
            return;
        }
        advice.reasons().forEach(out::println);
        print("share of the time", advice.shares(), "%5.1f %%", 100);
        print("events a second", advice.rates(), "%9.0f", 1);
    }

    private void print(String title, Map<String, Double> values, String format, double factor) {
        if (!values.isEmpty()) {
            out.println(title + ":");
            values.forEach(
                    (key, value) -> out.printf("  %-26s " + format + "%n", key, factor * value));
        }
    }
}
