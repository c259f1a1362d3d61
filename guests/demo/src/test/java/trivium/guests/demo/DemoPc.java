package trivium.guests.demo;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import javax.imageio.ImageIO;
import trivium.cpu.CpuModel;
import trivium.cpu.ExecutionEngine;
import trivium.cpu.Host;
import trivium.cpu.Support;
import trivium.cpu.Vcpu;
import trivium.cpu.VcpuRunner;
import trivium.device.DeviceFactory;
import trivium.devices.pc.chipset.I440fx;
import trivium.devices.pc.chipset.Piix3;
import trivium.devices.pc.chipset.Piix4Pm;
import trivium.devices.pc.dma.I8237Pair;
import trivium.devices.pc.firmware.FwCfg;
import trivium.devices.pc.input.I8042;
import trivium.devices.pc.input.Port92;
import trivium.devices.pc.interrupt.I82093AA;
import trivium.devices.pc.interrupt.I8259Pair;
import trivium.devices.pc.interrupt.LocalApics;
import trivium.devices.pc.serial.Uart16550;
import trivium.devices.pc.storage.I82077;
import trivium.devices.pc.storage.Ide;
import trivium.devices.pc.test.Port80;
import trivium.devices.pc.timer.Hpet;
import trivium.devices.pc.timer.I8254;
import trivium.devices.pc.timer.Mc146818;
import trivium.devices.pc.timer.PcSpeaker;
import trivium.devices.pc.video.Vga;
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

    private static Catalog catalog() {
        Catalog catalog = new Catalog(HostInfo.host());
        catalog.add(new InterpreterEngine());
        catalog.add(new SecondEngine());
        catalog.add(new SoftTlbStrategy());
        List<DeviceFactory> devices =
                List.of(
                        new I440fx.Factory(),
                        new Piix3.Factory(),
                        new Piix4Pm.Factory(),
                        new I8259Pair.Factory(),
                        new I8254.Factory(),
                        new PcSpeaker.Factory(),
                        new Mc146818.Factory(),
                        new I8237Pair.Factory(),
                        new I8042.Factory(),
                        new Port92.Factory(),
                        new Port80.Factory(),
                        new Uart16550.Factory(),
                        new FwCfg.Factory(),
                        new Vga.Factory(),
                        new Ide.Factory(),
                        new I82077.Factory(),
                        new LocalApics.Factory(),
                        new I82093AA.Factory(),
                        new Hpet.Factory());
        devices.forEach(catalog::add);
        return catalog;
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
