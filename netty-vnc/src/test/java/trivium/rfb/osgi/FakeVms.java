package trivium.rfb.osgi;

import java.lang.reflect.Proxy;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import trivium.cpu.CpuModel;
import trivium.display.Screen;
import trivium.rfb.testing.FakeScreen;
import trivium.vm.Vm;
import trivium.vm.VmConfig;
import trivium.vm.VmEvent;
import trivium.vm.VmListener;
import trivium.vm.VmRegistry;
import trivium.vm.VmState;

/** A registry of VMs that only have a name, a state and a screen. */
final class FakeVms {
    private final Map<String, Vm> vms = new LinkedHashMap<>();
    private final Map<String, VmState> states = new LinkedHashMap<>();
    private final List<VmListener> listeners = new CopyOnWriteArrayList<>();
    private final Screen screen = new FakeScreen(64, 48);

    VmRegistry registry() {
        return fake(
                VmRegistry.class,
                (name, args) ->
                        switch (name) {
                            case "list" -> List.copyOf(vms.values());
                            case "find" -> Optional.ofNullable(vms.get((String) args[0]));
                            case "listen" -> {
                                listeners.add((VmListener) args[0]);
                                yield (AutoCloseable) () -> listeners.remove(args[0]);
                            }
                            default -> throw new UnsupportedOperationException(name);
                        });
    }

    void add(String id, String vnc, VmState state) {
        states.put(id, state);
        var boot =
                new VmConfig.Boot(
                        Optional.empty(), Optional.empty(), Optional.empty(), "", List.of(), "");
        var config =
                new VmConfig(
                        id,
                        "auto",
                        "auto",
                        CpuModel.values()[0],
                        1,
                        64,
                        List.of(),
                        boot,
                        "none",
                        false,
                        Map.of(),
                        Optional.ofNullable(vnc),
                        false,
                        false);
        vms.put(id, vm(id, config));
    }

    private Vm vm(String id, VmConfig config) {
        return fake(
                Vm.class,
                (name, args) ->
                        switch (name) {
                            case "id" -> id;
                            case "config" -> config;
                            case "state" -> states.get(id);
                            case "screen" -> Optional.of(screen);
                            case "keyboard", "pointer" -> Optional.empty();
                            default -> throw new UnsupportedOperationException(name);
                        });
    }

    void change(String id, VmState to) {
        VmState from = states.put(id, to);
        tell(new VmEvent.StateChanged(id, from, to, "test"));
    }

    void delete(String id) {
        vms.remove(id);
        tell(new VmEvent.Deleted(id));
    }

    int listeners() {
        return listeners.size();
    }

    private void tell(VmEvent event) {
        listeners.forEach(listener -> listener.onEvent(event));
    }

    private interface Answers {
        Object answer(String method, Object[] args);
    }

    private static <T> T fake(Class<T> type, Answers answers) {
        return type.cast(
                Proxy.newProxyInstance(
                        type.getClassLoader(),
                        new Class<?>[] {type},
                        (_, method, args) -> answers.answer(method.getName(), args)));
    }
}
