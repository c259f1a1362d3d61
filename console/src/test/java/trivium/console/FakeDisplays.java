package trivium.console;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import trivium.display.DisplayServer;

/** Remembers where displays were opened. */
final class FakeDisplays implements DisplayServer {
    final Map<String, Endpoint> open = new TreeMap<>();

    @Override
    public Optional<Endpoint> endpoint(String vm) {
        return Optional.ofNullable(open.get(vm));
    }

    @Override
    public Optional<String> browserLink(String vm) {
        return endpoint(vm).map(_ -> "http://127.0.0.1:5700/#0123");
    }

    @Override
    public void open(String vm, String host, int port) {
        open.put(vm, new Endpoint(host.isEmpty() ? "127.0.0.1" : host, port == 0 ? 5900 : port, 0));
    }

    @Override
    public void close(String vm) {
        open.remove(vm);
    }

    @Override
    public String password() {
        return "sesame";
    }
}
