package trivium.console;

import java.util.Optional;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.support.completers.StringsCompleter;
import trivium.display.DisplayServer;
import trivium.vm.Vm;
import trivium.vm.VmException;

@Service
@Command(
        scope = "vm",
        name = "vnc",
        description = "Shows, opens or closes a VM's display for viewers.",
        detailedDescription = "classpath:vnc.txt")
public final class VncCommand extends VmCommand {
    /** Optional, for without it Karaf would offer none of this bundle's commands. */
    @Reference(optional = true)
    DisplayServer displays;

    @Argument(name = "name", description = "The VM", required = true)
    @Completion(VmNames.Any.class)
    String name;

    @Argument(
            index = 1,
            name = "place",
            description = "HOST:PORT, auto, or none to close; without it, only show")
    @Completion(
            value = StringsCompleter.class,
            values = {"auto", "none"})
    String place;

    @Option(name = "--browser", description = "Print a link that opens it in a browser, once")
    boolean browser;

    @Option(name = "--json", description = "Print a JSON object")
    boolean json;

    @Override
    void run() throws VmException {
        Vm vm = vm(name);
        if (displays == null) {
            throw new VmException("no display server is installed: see feature trivium-vnc");
        }
        if (place != null) {
            move(vm.id());
        }
        Optional<DisplayServer.Endpoint> endpoint = displays.endpoint(vm.id());
        if (browser) {
            out.println(displays.browserLink(vm.id()).orElse("no display is open for browsers"));
        } else if (json) {
            print(
                    Json.object(
                            "name",
                            vm.id(),
                            "host",
                            endpoint.map(DisplayServer.Endpoint::host),
                            "port",
                            endpoint.map(DisplayServer.Endpoint::port),
                            "viewers",
                            endpoint.map(DisplayServer.Endpoint::clients),
                            "password",
                            displays.password()));
        } else {
            out.println(endpoint.map(this::text).orElse("no display is open"));
        }
    }

    private String text(DisplayServer.Endpoint e) {
        String password = displays.password();
        return "vncviewer %s::%d   (%s; viewers now: %d)"
                .formatted(
                        e.host(),
                        e.port(),
                        password.isEmpty() ? "no password" : "password " + password,
                        e.clients());
    }

    private void move(String vm) throws VmException {
        switch (place) {
            case "none" -> displays.close(vm);
            case "auto" -> displays.open(vm, "", 0);
            default -> openAt(vm);
        }
    }

    private void openAt(String vm) throws VmException {
        int colon = place.lastIndexOf(':');
        String port = place.substring(colon + 1);
        if (colon < 0 || !port.matches("[0-9]{1,5}") || Integer.parseInt(port) > 65535) {
            throw new VmException(
                    "'%s' is no place for a display; write HOST:PORT, auto or none"
                            .formatted(place));
        }
        String host = place.substring(0, colon).replaceAll("^\\[|]$", "");
        displays.open(vm, host, Integer.parseInt(port));
    }
}
