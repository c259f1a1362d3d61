package trivium.console;

import java.lang.management.ManagementFactory;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.osgi.framework.FrameworkUtil;
import trivium.vm.Vm;
import trivium.vm.VmRegistry.StrategyInfo;

@Service
@Command(
        scope = "hv",
        name = "info",
        description = "Shows the appliance and its host.",
        detailedDescription = "classpath:hv-info.txt")
public final class HvInfoCommand extends VmCommand {
    @Option(name = "--json", description = "Print a JSON object")
    boolean json;

    @Override
    void run() {
        Map<String, Object> members = members();
        if (json) {
            print(members);
        } else {
            Describe.lines(members).forEach(out::println);
        }
    }

    private Map<String, Object> members() {
        Runtime jvm = Runtime.getRuntime();
        return Json.object(
                "version",
                version(),
                "uptimeMillis",
                ManagementFactory.getRuntimeMXBean().getUptime(),
                "host",
                Json.object(
                        "os",
                        System.getProperty("os.name") + " " + System.getProperty("os.version"),
                        "architecture",
                        System.getProperty("os.arch"),
                        "processors",
                        jvm.availableProcessors(),
                        "java",
                        Runtime.version().toString()),
                "heap",
                Json.object(
                        "usedMiB", (jvm.totalMemory() - jvm.freeMemory()) >> 20,
                        "maxMiB", jvm.maxMemory() >> 20),
                "vms",
                new TreeMap<>(
                        vms.list().stream()
                                .collect(
                                        Collectors.groupingBy(
                                                (Vm vm) -> vm.state().toString(),
                                                Collectors.counting()))),
                "engines",
                vms.engines().stream()
                        .filter(e -> e.unsupported().isEmpty())
                        .map(StrategyInfo::name)
                        .toList(),
                "mmuStrategies",
                vms.mmuStrategies().stream()
                        .filter(s -> s.unsupported().isEmpty())
                        .map(StrategyInfo::name)
                        .toList());
    }

    /** This bundle's version is the appliance's. */
    private static String version() {
        var bundle = FrameworkUtil.getBundle(HvInfoCommand.class);
        return bundle == null ? "not in a container" : bundle.getVersion().toString();
    }
}
