package trivium.machine.osgi;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Dictionary;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.service.cm.Configuration;
import org.osgi.service.cm.ConfigurationAdmin;
import trivium.cpu.CpuModel;
import trivium.vm.Vm;
import trivium.vm.VmConfig;

class VmRegistryComponentTest {
    private final List<Stored> stored = new ArrayList<>();
    private final VmRegistryComponent registry = new VmRegistryComponent(admin());
    @TempDir Path etc;

    /** One configuration in memory. */
    private final class Stored implements InvocationHandler {
        final String pid;
        Dictionary<String, Object> properties = new Hashtable<>();

        Stored(String pid) {
            this.pid = pid;
        }

        @Override
        @SuppressWarnings("unchecked")
        public Object invoke(Object proxy, java.lang.reflect.Method method, Object[] args) {
            return switch (method.getName()) {
                case "getPid" -> pid;
                case "getProperties" -> properties;
                case "update" -> {
                    properties = (Dictionary<String, Object>) args[0];
                    yield null;
                }
                case "delete" -> stored.remove(this) ? null : null;
                default -> throw new UnsupportedOperationException(method.getName());
            };
        }

        Configuration proxy() {
            return proxyOf(Configuration.class, this);
        }
    }

    private static <T> T proxyOf(Class<T> type, InvocationHandler handler) {
        return type.cast(
                Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler));
    }

    private ConfigurationAdmin admin() {
        return proxyOf(
                ConfigurationAdmin.class,
                (_, method, args) ->
                        switch (method.getName()) {
                            case "getFactoryConfiguration" -> {
                                Stored made = new Stored(args[0] + "~" + args[1]);
                                stored.add(made);
                                yield made.proxy();
                            }
                            case "listConfigurations" ->
                                    stored.stream()
                                            .map(Stored::proxy)
                                            .toArray(Configuration[]::new);
                            default -> throw new UnsupportedOperationException(method.getName());
                        });
    }

    @AfterEach
    void deactivate() {
        registry.deactivate();
    }

    private static Dictionary<String, Object> properties(String... pairs) {
        Dictionary<String, Object> all = new Hashtable<>();
        for (int i = 0; i < pairs.length; i += 2) {
            all.put(pairs[i], pairs[i + 1]);
        }
        return all;
    }

    private static VmConfig config(String name, String append) {
        var boot =
                new VmConfig.Boot(
                        Optional.empty(),
                        Optional.of(Path.of("k")),
                        Optional.empty(),
                        append,
                        List.of(),
                        "");
        return new VmConfig(
                name,
                "auto",
                "auto",
                CpuModel.X86_64,
                1,
                64,
                List.of(),
                boot,
                "console",
                false,
                Map.of(),
                Optional.empty(),
                false,
                false);
    }

    @Test
    void configurationsAreVmsAndTheirNamesComeFromPidOrFile() {
        registry.updated("trivium.vm~one", properties("memory", "64"));
        registry.updated(
                "trivium.vm.0815",
                properties("felix.fileinstall.filename", "file:/etc/trivium.vm-two-b.cfg"));

        assertThat(registry.list()).extracting(Vm::id).containsExactly("one", "two-b");
        assertThat(registry.find("one").orElseThrow().config().memoryMiB()).isEqualTo(64);

        registry.deleted("trivium.vm~one");
        registry.deleted("never-there");
        assertThat(registry.list()).extracting(Vm::id).containsExactly("two-b");
    }

    @Test
    void aMalformedConfigurationHarmsNoOther() {
        registry.updated("trivium.vm~good", properties());
        registry.updated("trivium.vm~bad", properties("memory", "lots"));
        registry.updated("trivium.vm~good", properties("cpu", "8088"));

        assertThat(registry.list()).extracting(Vm::id).containsExactly("good");

        registry.updated("trivium.vm~bad", properties("memory", "32"));
        assertThat(registry.list()).extracting(Vm::id).containsExactly("bad", "good");
    }

    @Test
    void theStoreWritesConfigurationAndFile() throws Exception {
        var store = new ConfigurationStore(admin(), Optional.of(etc));
        store.save(config("box", "a=b c\\d"));

        Path file = etc.resolve("trivium.vm-box.cfg");
        assertThat(Files.readString(file))
                .isEqualTo("# VM box\nappend = a=b c\\\\d\nkernel = k\nmemory = 64\n");
        assertThat(stored).hasSize(1);
        assertThat(stored.getFirst().properties.get("felix.fileinstall.filename"))
                .isEqualTo(file.toFile().toURI().toString());

        store.delete("other");
        assertThat(stored).hasSize(1);
        store.delete("box");
        assertThat(stored).isEmpty();
        assertThat(file).doesNotExist();
    }

    @Test
    void variablesInValuesAreRefused() throws IOException {
        var store = new ConfigurationStore(admin(), Optional.of(etc));

        assertThat(
                        org.junit.jupiter.api.Assertions.assertThrows(
                                trivium.vm.VmException.class,
                                () -> store.save(config("box", "${karaf.home}"))))
                .hasMessageContaining("append=${karaf.home}");
        try (var files = Files.list(etc)) {
            assertThat(files).isEmpty();
        }
    }
}
