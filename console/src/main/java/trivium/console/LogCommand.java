package trivium.console;

import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import trivium.vm.VmException;

@Service
@Command(
        scope = "vm",
        name = "log",
        description = "Shows the recent events of one VM or of all.",
        detailedDescription = "classpath:log.txt")
public final class LogCommand extends VmCommand {
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss.SSS").withZone(ZoneId.systemDefault());

    @Reference EventLog log;

    @Argument(name = "name", description = "The VM; without it, all")
    @Completion(VmNames.Any.class)
    String name;

    @Option(name = "--last", description = "How many events at most")
    int last = 100;

    @Option(name = "--json", description = "Print a JSON array")
    boolean json;

    @Override
    void run() throws VmException {
        List<EventLog.Entry> entries = entries();
        if (json) {
            print(entries.stream().map(LogCommand::members).toList());
        } else {
            entries.forEach(e ->
                    out.printf(
                            "%s  %s: %s%n",
                            TIME.format(e.at()), e.event().vm(), EventLog.text(e.event())));
        }
    }

    private List<EventLog.Entry> entries() throws VmException {
        List<EventLog.Entry> wanted =
                log.entries().stream()
                        .filter(e -> name == null || name.equals(e.event().vm()))
                        .toList();
        if (name != null && wanted.isEmpty()) {
            vm(name); // a deleted VM still has a log; one that never was is an error
        }
        return wanted.subList(Math.max(0, wanted.size() - Math.max(0, last)), wanted.size());
    }

    private static Object members(EventLog.Entry entry) {
        return Json.object(
                "at", entry.at(),
                "vm", entry.event().vm(),
                "event", entry.event().getClass().getSimpleName(),
                "text", EventLog.text(entry.event()));
    }
}
