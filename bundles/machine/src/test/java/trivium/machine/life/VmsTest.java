package trivium.machine.life;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import trivium.machine.boot.Firmware;
import trivium.machine.life.Fakes.Engine;
import trivium.vm.Vm;
import trivium.vm.VmConfig;
import trivium.vm.VmEvent;
import trivium.vm.VmException;
import trivium.vm.VmState;

@Timeout(60)
class VmsTest {
    @TempDir Path folder;
    private final Map<String, Fakes.Parts> parts = new HashMap<>();
    private final Engine engine = Engine.counting("interpreter");
    private final Catalog catalog = Fakes.catalog(parts, engine);
    private final List<String> kept = new ArrayList<>();
    private final List<VmEvent> events = new CopyOnWriteArrayList<>();
    private final Vms vms = new Vms(catalog, new Firmware(List.of()), new Store());

    private final class Store implements VmStore {
        @Override
        public void save(VmConfig config) throws VmException {
            if (config.name().equals("unsaved")) {
                throw new VmException("disk full");
            }
            kept.add(config.name());
        }

        @Override
        public void delete(String name) {
            kept.remove(name);
        }
    }

    @AfterEach
    void close() {
        vms.close();
    }

    private VmConfig config(String name) throws Exception {
        Path bios = Files.write(folder.resolve("bios"), new byte[65536]);
        return Fakes.config(name, 1, false, Optional.of(bios));
    }

    @Test
    void createdVmsAreKeptListedAndDeleted() throws Exception {
        vms.listen(events::add);
        Vm b = vms.create(config("b"));
        vms.create(config("a"));

        assertThat(vms.list()).extracting(Vm::id).containsExactly("a", "b");
        assertThat(vms.find("b")).contains(b);
        assertThat(kept).containsExactly("b", "a");
        assertThatThrownBy(() -> vms.create(config("a")))
                .isInstanceOf(VmException.class)
                .hasMessage("there is a VM 'a' already");

        vms.delete("b");
        assertThat(vms.find("b")).isEmpty();
        assertThat(kept).containsExactly("a");
        assertThatThrownBy(() -> vms.delete("b")).hasMessage("no VM 'b'");
        assertThat(events)
                .containsExactly(
                        new VmEvent.Created("b"),
                        new VmEvent.Created("a"),
                        new VmEvent.Deleted("b"));
    }

    @Test
    void whatCannotBeKeptIsNotThere() {
        assertThatThrownBy(() -> vms.create(config("unsaved"))).hasMessage("disk full");
        assertThat(vms.list()).isEmpty();
    }

    @Test
    void aRunningVmIsNotDeleted() throws Exception {
        vms.create(config("a")).start();

        assertThatThrownBy(() -> vms.delete("a"))
                .isInstanceOf(VmException.class)
                .hasMessage("vm a is running: stop it first");
        vms.find("a").orElseThrow().stop();
        vms.delete("a");
    }

    @Test
    void unknownPartsAreNamed() throws Exception {
        VmConfig c = config("a");
        var strange =
                new VmConfig(
                        "a",
                        "qemu",
                        c.mmu(),
                        c.cpu(),
                        1,
                        16,
                        List.of(),
                        c.boot(),
                        "none",
                        false,
                        Map.of(),
                        Optional.empty(),
                        false,
                        false);
        assertThatThrownBy(() -> vms.create(strange))
                .isInstanceOf(VmException.class)
                .hasMessage("no engine 'qemu'; there are interpreter");
        assertThat(kept).isEmpty();
    }

    @Test
    void aChangedConfigurationCountsFromTheNextStartOn() throws Exception {
        VirtualMachine vm = vms.configure(config("a"));
        vm.start();
        VmConfig c = vm.config();
        var larger =
                new VmConfig(
                        "a",
                        c.engine(),
                        c.mmu(),
                        c.cpu(),
                        1,
                        32,
                        List.of(),
                        c.boot(),
                        "none",
                        false,
                        Map.of(),
                        Optional.empty(),
                        false,
                        false);

        assertThat(vms.configure(larger)).isSameAs(vm);

        assertThat(vm.state()).isEqualTo(VmState.RUNNING);
        assertThat(vm.config().memoryMiB()).isEqualTo(32);
        vm.stop();
        vm.start();
    }

    @Test
    void autostartWaitsForWhatIsMissing() throws Exception {
        catalog.remove(engine);
        VirtualMachine vm = vms.configure(config("a"));
        new Autostart(catalog, Duration.ofSeconds(30)).start(vm);
        Thread.sleep(20);
        assertThat(vm.state()).isEqualTo(VmState.OFF);

        catalog.add(engine);

        long end = System.nanoTime() + 20_000_000_000L;
        while (vm.state() != VmState.RUNNING) {
            assertThat(System.nanoTime()).isLessThan(end);
            Thread.sleep(1);
        }
    }

    @Test
    void engineAndDeviceListsTellWhatIsThere() {
        catalog.add(Engine.counting("foreign"));

        assertThat(vms.engines())
                .extracting(e -> e.name() + e.unsupported().orElse(""))
                .containsExactly("foreignwrong host", "interpreter");
        assertThat(vms.mmuStrategies()).extracting(s -> s.name()).containsExactly("softtlb");
        assertThat(vms.devices()).extracting(d -> d.model()).contains("pic", "vga");
    }
}
