package trivium.machine.life;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.io.UncheckedIOException;
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
import trivium.device.BlockBackend;
import trivium.machine.boot.Firmware;
import trivium.machine.life.Fakes.Engine;
import trivium.vm.Vm;
import trivium.vm.VmConfig;
import trivium.vm.VmEvent;
import trivium.vm.VmException;
import trivium.vm.VmRegistry;
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
    void aTemporaryVmIsInNoListNotKeptAndGoneWhenClosed() throws Exception {
        vms.listen(events::add);
        Vm vm;
        try (var temporary = vms.temporary(config("hidden"), _ -> {})) {
            vm = temporary.vm();
            vm.start();

            assertThat(vm.state()).isEqualTo(VmState.RUNNING);
            assertThat(vms.list()).isEmpty();
            assertThat(vms.find("hidden")).isEmpty();
            assertThat(vms.uses()).extracting(VmRegistry.PartUse::vm).contains("hidden");
        }
        assertThat(vm.state()).isEqualTo(VmState.OFF);
        assertThat(vms.uses()).isEmpty();
        assertThat(kept).isEmpty();
        assertThat(events).isEmpty();
    }

    @Test
    void aTemporaryVmLeavesAnEngineThatGoes() throws Exception {
        try (var temporary = vms.temporary(config("hidden"), _ -> {})) {
            temporary.vm().start();
            assertThat(engine.attached()).hasValue(1);
            catalog.remove(engine);
            vms.withdrawn(engine);

            assertThat(engine.attached()).hasValue(0);
            assertThat(temporary.vm().state()).isEqualTo(VmState.PAUSED);
        }
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

    private VirtualMachine startedWithDisk() throws Exception {
        Path disk = Files.write(folder.resolve("disk.img"), new byte[512 * 1024]);
        VmConfig c = config("a");
        var drive = new VmConfig.Drive("ide0", VmConfig.BlockKind.DISK, disk, false);
        var boot =
                new VmConfig.Boot(
                        c.boot().bios(),
                        Optional.empty(),
                        Optional.empty(),
                        "",
                        List.of(drive),
                        "");
        var net = new VmConfig.DeviceSpec("port80", Map.of("mac", "52:54:00:12:34:56"));
        vms.create(
                        new VmConfig(
                                "a",
                                c.engine(),
                                c.mmu(),
                                c.cpu(),
                                2,
                                16,
                                List.of(net),
                                boot,
                                "file:" + folder.resolve("serial"),
                                false,
                                Map.of(0x80, folder.resolve("log")),
                                Optional.of("127.0.0.1:5901"),
                                true,
                                false))
                .start();
        return vms.machine("a");
    }

    @Test
    void aForkGoesOnWhereItsParentIs() throws Exception {
        VirtualMachine parent = startedWithDisk();
        parent.pause();
        parent.whilePaused(board -> {
            board.memory().write(0x5000, 4, 77);
            write(board.drive("ide0"), 1000, 5);
            board.vcpus().get(1).state().gpr[3] = 42;
        });
        parent.console().send(new byte[] {'x'});

        Vm child = vms.fork("a", Optional.empty());

        assertThat(child.id()).isEqualTo("a-1");
        assertThat(child.state()).isEqualTo(VmState.RUNNING);
        assertThat(parent.state()).isEqualTo(VmState.PAUSED);
        child.pause();
        assertThat(child.uptimeMillis()).isGreaterThanOrEqualTo(parent.uptimeMillis());
        vms.machine("a-1")
                .whilePaused(board -> {
                    assertThat(board.memory().read(0x5000, 4)).isEqualTo(77);
                    assertThat(board.vcpus().get(1).state().gpr[3]).isEqualTo(42);
                    assertThat(read(board.drive("ide0"), 1000)).isEqualTo(5);
                    assertThat(board.clock().epochMillis() - board.clock().nanos() / 1_000_000)
                            .isCloseTo(System.currentTimeMillis(), within(60_000L));
                    board.memory().write(0x5000, 4, 78);
                    write(board.drive("ide0"), 1000, 6);
                });
        parent.whilePaused(board -> {
            assertThat(board.memory().read(0x5000, 4)).isEqualTo(77);
            assertThat(read(board.drive("ide0"), 1000)).isEqualTo(5);
        });
        assertThat(Files.readAllBytes(folder.resolve("disk.img"))[1000]).isEqualTo((byte) 5);
    }

    private static void write(Optional<BlockBackend> drive, long at, int value) {
        try {
            drive.orElseThrow().write(at, new byte[] {(byte) value}, 0, 1);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static int read(Optional<BlockBackend> drive, long at) {
        byte[] octet = new byte[1];
        try {
            drive.orElseThrow().read(at, octet, 0, 1);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return octet[0];
    }

    @Test
    void aForkHasItsOwnWayToTheWorldAndIsNotKept() throws Exception {
        startedWithDisk();

        VmConfig config = vms.fork("a", Optional.of("other")).config();

        assertThat(config.serial()).isEqualTo("console");
        assertThat(config.vnc()).contains("127.0.0.1:0");
        assertThat(config.logPorts()).isEmpty();
        assertThat(config.autostart()).isFalse();
        assertThat(config.boot().drives().getFirst().readOnly()).isTrue();
        assertThat(config.devices().getFirst().options().get("mac"))
                .startsWith("52:54:00:")
                .isNotEqualTo("52:54:00:12:34:56");
        assertThat(kept).containsExactly("a");
    }

    @Test
    void aForkLivesLongerThanItsParentWhoseDiskStaysInUse() throws Exception {
        VirtualMachine parent = startedWithDisk();
        Vm child = vms.fork("a", Optional.empty());
        parent.stop();

        Vm grandchild = vms.fork("a-1", Optional.empty());

        assertThat(grandchild.id()).isEqualTo("a-1-1");
        assertThatThrownBy(parent::start)
                .isInstanceOf(VmException.class)
                .hasMessageContaining("is in use");
        child.stop();
        assertThat(grandchild.state()).isEqualTo(VmState.RUNNING);
        grandchild.stop();
        parent.start();
    }

    @Test
    void whatCannotBeForkedIsNamed() throws Exception {
        vms.create(config("off"));

        assertThatThrownBy(() -> vms.fork("off", Optional.empty()))
                .isInstanceOf(VmException.class)
                .hasMessageContaining("it is off, not running or paused");
        assertThatThrownBy(() -> vms.fork("none", Optional.empty())).hasMessage("no VM 'none'");
        vms.find("off").orElseThrow().start();
        assertThatThrownBy(() -> vms.fork("off", Optional.of("off")))
                .hasMessage("there is a VM 'off' already");
        assertThatThrownBy(() -> vms.fork("off", Optional.of("a b")))
                .isInstanceOf(VmException.class);
        assertThat(vms.list()).hasSize(1);
        assertThat(vms.find("off").orElseThrow().state()).isEqualTo(VmState.RUNNING);
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
