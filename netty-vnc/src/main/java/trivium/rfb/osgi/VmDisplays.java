package trivium.rfb.osgi;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import trivium.display.DisplayServer;
import trivium.rfb.RfbConfig;
import trivium.rfb.RfbServer;
import trivium.rfb.RfbThreads;
import trivium.vm.Vm;
import trivium.vm.VmEvent;
import trivium.vm.VmException;
import trivium.vm.VmListener;
import trivium.vm.VmRegistry;
import trivium.vm.VmState;

/**
 * One RFB server for each VM that is on and configured to be seen. Displays opened by hand stay
 * until they are closed by hand or their VM is deleted.
 */
final class VmDisplays implements DisplayServer, VmListener, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(VmDisplays.class);
    private static final int PORTS = 100;

    /**
     * @param firstPort where looking for a free port starts
     * @param webPort where the ports for browsers start; 0 means none
     * @param powerControl whether viewers may shut down and reset
     */
    record Settings(RfbConfig rfb, String host, int firstPort, int webPort, boolean powerControl) {}

    private record Display(RfbServer server, String host, int port, boolean byHand) {}

    private final VmRegistry vms;
    private final Settings settings;
    private final RfbThreads threads = new RfbThreads();

    /** Events must not block, and listening may. */
    private final ExecutorService events =
            Executors.newSingleThreadExecutor(
                    Thread.ofPlatform().daemon().name("vnc-displays").factory());

    private final Map<String, Display> displays = new HashMap<>();
    private final AutoCloseable subscription;

    VmDisplays(VmRegistry vms, Settings settings) {
        this.vms = vms;
        this.settings = settings;
        subscription = vms.listen(this);
        events.execute(() -> vms.list().forEach(this::openIfOn));
    }

    @Override
    public void onEvent(VmEvent event) {
        boolean concerns =
                event instanceof VmEvent.StateChanged || event instanceof VmEvent.Deleted;
        if (concerns && !events.isShutdown()) {
            events.execute(() -> follow(event));
        }
    }

    private void follow(VmEvent event) {
        switch (event) {
            case VmEvent.StateChanged(String vm, _, VmState to, _)
                    when to == VmState.OFF || to == VmState.CRASHED ->
                    closeUnlessByHand(vm);
            case VmEvent.StateChanged(String vm, _, _, _) -> vms.find(vm).ifPresent(this::openIfOn);
            case VmEvent.Deleted(String vm) -> close(vm);
            default -> {}
        }
    }

    private void openIfOn(Vm vm) {
        boolean on = vm.state() == VmState.RUNNING || vm.state() == VmState.PAUSED;
        if (!on || vm.config().vnc().isEmpty() || endpoint(vm.id()).isPresent()) {
            return;
        }
        try {
            HostPort place = HostPort.parse(vm.config().vnc().get());
            open(vm, place, false);
        } catch (VmException e) {
            LOG.warn("vm {}: no display: {}", vm.id(), e.getMessage());
        }
    }

    private synchronized void closeUnlessByHand(String vm) {
        Display display = displays.get(vm);
        if (display != null && !display.byHand) {
            close(vm);
        }
    }

    @Override
    public synchronized Optional<Endpoint> endpoint(String vm) {
        return Optional.ofNullable(displays.get(vm))
                .map(d -> new Endpoint(d.host, d.port, d.server.clients()));
    }

    @Override
    public synchronized Optional<String> browserLink(String vm) {
        return Optional.ofNullable(displays.get(vm)).flatMap(d -> d.server.webLink());
    }

    @Override
    public void open(String vm, String host, int port) throws VmException {
        Vm found =
                vms.find(vm)
                        .orElseThrow(() -> new VmException("there is no VM '%s'".formatted(vm)));
        open(found, new HostPort(host, port), true);
    }

    private synchronized void open(Vm vm, HostPort place, boolean byHand) throws VmException {
        String host = place.host().isEmpty() ? settings.host() : place.host();
        Display old = displays.get(vm.id());
        if (old != null && old.host.equals(host) && old.port == place.port()) {
            displays.put(vm.id(), new Display(old.server, host, old.port, byHand));
            return;
        }
        var target = new VmTarget(vm, settings.powerControl());
        var server = new RfbServer(settings.rfb(), target, threads);
        try {
            int port =
                    place.port() == 0
                            ? bindFirstFree(server, host)
                            : server.bind(host, place.port());
            displays.put(vm.id(), new Display(server, host, port, byHand));
            LOG.info("vm {}: seen at {}:{}", vm.id(), host, port);
            bindWeb(server, port);
        } catch (VmException e) {
            server.close();
            throw e;
        }
        if (old != null) {
            old.server.close();
        }
    }

    private int bindFirstFree(RfbServer server, String host) throws VmException {
        int last = Math.min(settings.firstPort() + PORTS - 1, 65535);
        for (int port = settings.firstPort(); port < last; port++) {
            try {
                return server.bind(host, port);
            } catch (VmException e) {
                LOG.debug("{}", e.getMessage());
            }
        }
        return server.bind(host, last); // and let this one say why not
    }

    /** A display without a page is still a display. */
    private void bindWeb(RfbServer server, int port) {
        int number = port - settings.firstPort();
        if (settings.webPort() == 0) {
            return;
        }
        int preferred = number >= 0 && number < PORTS ? settings.webPort() + number : 0;
        try {
            server.bindWeb(preferred);
        } catch (VmException e) {
            LOG.info("{}; another port is taken for browsers", e.getMessage());
            bindAnyWeb(server);
        }
    }

    private static void bindAnyWeb(RfbServer server) {
        try {
            server.bindWeb(0);
        } catch (VmException e) {
            LOG.warn("No page for browsers: {}", e.getMessage());
        }
    }

    @Override
    public synchronized void close(String vm) {
        Display display = displays.remove(vm);
        if (display != null) {
            display.server.close();
        }
    }

    @Override
    public String password() {
        return settings.rfb().password().orElse("");
    }

    @Override
    public void close() {
        try {
            subscription.close();
        } catch (Exception e) { // whatever a registry that goes away may say
            LOG.debug("Unsubscribing", e);
        }
        events.shutdownNow();
        synchronized (this) {
            displays.values().forEach(display -> display.server.close());
            displays.clear();
        }
        threads.close();
    }
}
