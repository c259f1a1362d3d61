package trivium.guests.demo;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.jar.Manifest;
import javax.imageio.ImageIO;
import trivium.cpu.CpuModel;
import trivium.cpu.ExecutionEngine;
import trivium.cpu.Host;
import trivium.cpu.Support;
import trivium.cpu.Vcpu;
import trivium.cpu.VcpuRunner;
import trivium.device.DeviceFactory;
import trivium.display.Frame;
import trivium.hostos.HostInfo;
import trivium.input.UsKeyboard;
import trivium.machine.boot.Firmware;
import trivium.machine.life.Catalog;
import trivium.machine.life.VirtualMachine;
import trivium.mmu.MmuStrategy;
import trivium.mmu.softtlb.internal.SoftTlbStrategy;
import trivium.vm.Vm;
import trivium.vm.VmConfig;
import trivium.vm.VmException;
import trivium.x86.InterpreterEngine;

/** The guest on our PC, without any firmware, up to its prompt. */
final class DemoPc implements AutoCloseable {
    static final String SECOND_ENGINE = "second";
    private static final Duration PATIENCE = Duration.ofSeconds(120);
    private static final int LINE_X = 40, LINE_Y = 514, ANSWER_Y = 536, VALUE_X = 136;
    private static final int FACTS_Y = 114, FACT_HEIGHT = 21;

    final VirtualMachine vm;

    /** The same interpreter by another name, to be swapped to. */
    private static final class SecondEngine implements ExecutionEngine {
        private final InterpreterEngine engine = new InterpreterEngine();

        @Override
        public String name() {
            return SECOND_ENGINE;
        }

        @Override
        public String description() {
            return engine.description();
        }

        @Override
        public Support supportOn(Host host) {
            return engine.supportOn(host);
        }

        @Override
        public VcpuRunner attach(Vcpu vcpu, MmuStrategy mmu) {
            return engine.attach(vcpu, mmu);
        }
    }

    static DemoPc boot(Path folder, CpuModel cpu, int cpus, int memoryMiB)
            throws IOException, VmException {
        Path kernel = folder.resolve("demo-guest.bin");
        DemoGuest.write(kernel);
        var boot =
                new VmConfig.Boot(
                        Optional.empty(), Optional.of(kernel), Optional.empty(), "", List.of(), "");
        var config =
                new VmConfig(
                        "demo",
                        "interpreter",
                        "auto",
                        cpu,
                        cpus,
                        memoryMiB,
                        List.of(),
                        boot,
                        "console",
                        false,
                        Map.of(),
                        Optional.empty(),
                        false,
                        false);
        DemoPc pc =
                new DemoPc(new VirtualMachine(config, catalog(), new Firmware(List.of()), _ -> {}));
        pc.vm.start();
        pc.await("the prompt", () -> pc.serial().endsWith(Commands.PROMPT));
        return pc;
    }

    private DemoPc(VirtualMachine vm) {
        this.vm = vm;
    }

    private static Catalog catalog() throws IOException {
        Catalog catalog = new Catalog(HostInfo.host());
        catalog.add(new InterpreterEngine());
        catalog.add(new SecondEngine());
        catalog.add(new SoftTlbStrategy());
        deviceFactories().forEach(catalog::add);
        return catalog;
    }

    /** All that the bundles on the class path declare as components, as a container finds them. */
    private static List<DeviceFactory> deviceFactories() throws IOException {
        List<DeviceFactory> factories = new ArrayList<>();
        for (URL manifest : Collections.list(loader().getResources("META-INF/MANIFEST.MF"))) {
            try (InputStream in = manifest.openStream()) {
                String components =
                        new Manifest(in).getMainAttributes().getValue("Service-Component");
                for (String file : components == null ? new String[0] : components.split(",")) {
                    addIfFactory(factories, file.replaceAll("OSGI-INF/|\\.xml", ""));
                }
            }
        }
        return factories;
    }

    private static ClassLoader loader() {
        return DemoPc.class.getClassLoader();
    }

    private static void addIfFactory(List<DeviceFactory> factories, String className) {
        if (!className.endsWith("$Factory")) {
            return;
        }
        try {
            Object component = loader().loadClass(className).getConstructor().newInstance();
            if (component instanceof DeviceFactory factory) {
                factories.add(factory);
            }
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(className, e);
        }
    }

    String serial() {
        return new String(vm.console().recent(), StandardCharsets.US_ASCII);
    }

    void send(String text) {
        vm.console().send(text.getBytes(StandardCharsets.US_ASCII));
    }

    void type(String text) throws InterruptedException {
        press(UsKeyboard.text(text));
    }

    void chord(String keys) throws InterruptedException {
        press(UsKeyboard.chord(keys));
    }

    private void press(List<byte[]> strokes) throws InterruptedException {
        int sent = UsKeyboard.send(vm.keyboard().orElseThrow(), strokes, PATIENCE);
        if (sent != strokes.size()) {
            throw new AssertionError("the guest took %d of %d".formatted(sent, strokes.size()));
        }
    }

    Frame frame() {
        Frame frame = new Frame();
        vm.screen().orElseThrow().refresh(frame);
        return frame;
    }

    String inputLine() {
        return ScreenReader.text(frame(), LINE_X, LINE_Y, 70);
    }

    String answerLine() {
        return ScreenReader.text(frame(), LINE_X, ANSWER_Y, 70);
    }

    /** The value in a row of the table. */
    String fact(int row) {
        return ScreenReader.text(frame(), VALUE_X, FACTS_Y + FACT_HEIGHT * row, 51);
    }

    Vm.Outcome outcome() throws Exception {
        return vm.outcome().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }

    /** Waits until something holds, and says what the guest wrote if it never does. */
    void await(String what, Supplier<Boolean> condition) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.get()) {
            if (System.nanoTime() - deadline > 0 || vm.outcome().isDone()) {
                throw new AssertionError(
                        "%s did not come; the guest is %s and wrote:%n%s"
                                .formatted(what, vm.state(), serial()));
            }
            pause();
        }
    }

    private static void pause() {
        try {
            Thread.sleep(20);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** For people to look at. */
    void screenshot(Path file) {
        Frame f = frame();
        var image = new BufferedImage(f.width, f.height, BufferedImage.TYPE_INT_RGB);
        image.setRGB(0, 0, f.width, f.height, f.pixels, 0, f.width);
        try {
            ImageIO.write(image, "png", file.toFile());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        vm.close();
    }
}
