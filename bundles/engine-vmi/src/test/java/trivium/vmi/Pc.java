package trivium.vmi;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.jar.Manifest;
import trivium.bt.BtEngine;
import trivium.cpu.CpuModel;
import trivium.device.Device;
import trivium.device.DeviceFactory;
import trivium.device.DeviceOptions;
import trivium.device.Platform;
import trivium.hostos.HostInfo;
import trivium.machine.boot.Firmware;
import trivium.machine.life.Catalog;
import trivium.machine.life.VirtualMachine;
import trivium.mmu.softtlb.internal.SoftTlbStrategy;
import trivium.vm.Vm.Outcome;
import trivium.vm.VmConfig;
import trivium.vm.VmConfig.DeviceSpec;
import trivium.vm.VmException;
import trivium.vt.VtEngine;
import trivium.x86.InterpreterEngine;

/** A guest on our PC, without firmware. */
final class Pc implements AutoCloseable {
    final VirtualMachine vm;

    /** Puts a ROM of the test's choice into the place of the usual one. */
    private record RomFactory(byte[] rom) implements DeviceFactory {
        @Override
        public String model() {
            return "vmi";
        }

        @Override
        public String description() {
            return "test";
        }

        @Override
        public Device create(Platform platform, DeviceOptions options) {
            return new VmiDevice(platform, rom);
        }
    }

    static byte[] rom(Rom.Variant variant, Map<Call, byte[]> replaced) {
        return Rom.build(new Rom.Options(variant, 1, 0, (int) VmiDevice.DEFAULT_TOP, replaced));
    }

    /**
     * @param engine "vmi", or another one for the ROM's native mode
     */
    Pc(Path folder, byte[] image, String engine, int cpus, byte[] rom)
            throws IOException, VmException {
        this(folder, image, engine, cpus, rom, catalog(rom));
    }

    private Pc(Path folder, byte[] image, String engine, int cpus, byte[] rom, Catalog catalog)
            throws IOException, VmException {
        Path kernel = Files.createTempFile(folder, "guest", ".bin");
        Files.write(kernel, image);
        var boot =
                new VmConfig.Boot(
                        Optional.empty(), Optional.of(kernel), Optional.empty(), "", List.of(), "");
        boolean withRom = rom != null && !engine.equals("vmi");
        List<DeviceSpec> devices = withRom ? List.of(new DeviceSpec("vmi", Map.of())) : List.of();
        var config =
                new VmConfig(
                        "guest",
                        engine,
                        "auto",
                        CpuModel.X86_64,
                        cpus,
                        16,
                        devices,
                        boot,
                        "console",
                        true,
                        Map.of(),
                        Optional.empty(),
                        false,
                        false);
        vm = new VirtualMachine(config, catalog, new Firmware(List.of()), _ -> {});
        vm.start();
    }

    private static Catalog catalog(byte[] rom) throws IOException {
        Catalog catalog = new Catalog(HostInfo.host());
        catalog.add(new InterpreterEngine());
        catalog.add(new BtEngine());
        catalog.add(new VmiEngine());
        catalog.add(new VtEngine(VtEngine.Scope.ALL));
        catalog.add(new SoftTlbStrategy());
        addDevices(catalog);
        if (rom != null) {
            catalog.add(new RomFactory(rom));
        }
        return catalog;
    }

    /** All that the bundles on the class path declare as components, as a container finds them. */
    private static void addDevices(Catalog catalog) throws IOException {
        ClassLoader loader = Pc.class.getClassLoader();
        for (URL manifest : Collections.list(loader.getResources("META-INF/MANIFEST.MF"))) {
            try (InputStream in = manifest.openStream()) {
                String components =
                        new Manifest(in).getMainAttributes().getValue("Service-Component");
                for (String file : components == null ? new String[0] : components.split(",")) {
                    String name = file.replaceAll("OSGI-INF/|\\.xml", "").strip();
                    if (name.endsWith("$Factory")) {
                        Class<?> type = Class.forName(name);
                        catalog.add((DeviceFactory) type.getDeclaredConstructor().newInstance());
                    }
                }
            } catch (ReflectiveOperationException e) {
                throw new AssertionError(e);
            }
        }
    }

    Outcome end() throws Exception {
        return vm.outcome().get(20, TimeUnit.SECONDS);
    }

    /** Whether it goes on for some time. */
    boolean lasts(int millis) throws Exception {
        try {
            vm.outcome().get(millis, TimeUnit.MILLISECONDS);
            return false;
        } catch (TimeoutException e) {
            return true;
        }
    }

    /** What it reported; the guest has ended well. */
    Results results() throws Exception {
        assertThat(end()).isEqualTo(new Outcome.DebugExit(0));
        return sent();
    }

    Results sent() {
        byte[] sent = vm.console().recent();
        ByteBuffer b = ByteBuffer.wrap(sent).order(ByteOrder.LITTLE_ENDIAN);
        int count = b.getInt(), bad = b.getInt();
        int[] values = new int[count];
        for (int i = 0; i < count; i++) {
            values[i] = b.getInt();
        }
        assertThat(bad == 0 ? "none" : Call.of(bad - 1).toString())
                .as("calls that lost registers")
                .isEqualTo("none");
        return new Results(values);
    }

    /** Doublewords in the order they were reported. */
    record Results(int[] values) {}

    @Override
    public void close() {
        vm.close();
    }
}
