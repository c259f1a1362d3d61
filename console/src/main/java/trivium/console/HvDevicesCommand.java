package trivium.console;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.support.table.ShellTable;
import trivium.vm.VmRegistry.DeviceInfo;

@Service
@Command(
        scope = "hv",
        name = "devices",
        description = "Lists device models and their options.",
        detailedDescription = "classpath:devices.txt")
public final class HvDevicesCommand extends VmCommand {
    @Option(name = "--json", description = "Print a JSON array")
    boolean json;

    @Override
    void run() {
        List<DeviceInfo> devices =
                vms.devices().stream().sorted(Comparator.comparing(DeviceInfo::model)).toList();
        if (json) {
            print(devices.stream().map(HvDevicesCommand::members).toList());
        } else {
            table(devices);
        }
    }

    private static Object members(DeviceInfo device) {
        return Json.object(
                "model", device.model(),
                "description", device.description(),
                "options", new TreeMap<>(device.options()));
    }

    private void table(List<DeviceInfo> devices) {
        var table = new ShellTable().emptyTableText("No device models are installed.");
        List.of("Model", "Description", "Options").forEach(table::column);
        for (DeviceInfo device : devices) {
            table.addRow().addContent(device.model(), device.description(), options(device));
        }
        table.print(out);
    }

    private static String options(DeviceInfo device) {
        return new TreeMap<>(device.options())
                .entrySet().stream()
                        .map((Map.Entry<String, String> e) -> e.getKey() + ": " + e.getValue())
                        .collect(Collectors.joining("; "));
    }
}
