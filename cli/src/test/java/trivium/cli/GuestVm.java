package trivium.cli;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import trivium.device.DeviceFactory;
import trivium.display.Frame;
import trivium.display.Screen;
import trivium.input.UsKeyboard;
import trivium.machine.boot.Firmware;
import trivium.machine.life.Catalog;
import trivium.machine.life.PcModel;
import trivium.machine.life.VirtualMachine;
import trivium.machine.lockstep.LockStepRun;
import trivium.rfb.testing.RfbClient;
import trivium.vm.LockStep;
import trivium.vm.Vm;
import trivium.vm.Vm.Outcome;
import trivium.vm.VmConfig;
import trivium.vm.VmException;
import trivium.vm.VmState;

/**
 * A VM as {@code trivium boot} makes it, with somebody in front of it who waits for what it shows.
 * When a wait fails, the error tells what screen and serial line showed, and the picture is in
 * {@code target/guests}.
 */
public final class GuestVm implements AutoCloseable {
    private static final int TAIL = 1500;
    private final VirtualMachine vm;
    private final Catalog parts;
    private final String name;
    private final long started;
    private Display display;

    private GuestVm(String name, VirtualMachine vm, Catalog parts) {
        this.name = name;
        this.parts = parts;
        this.vm = vm;
        this.started = System.nanoTime();
    }

    /**
     * @param name of the guest, for messages
     * @param firmware folder with SeaBIOS and its VGA BIOS
     * @param options as for {@code trivium boot}
     */
    public static GuestVm start(String name, Path firmware, List<String> options)
            throws VmException {
        VmConfig config = heard(BootOptions.parse(options).config());
        Catalog parts = Wiring.catalog();
        var vm = new VirtualMachine(config, parts, new Firmware(List.of(firmware)), _ -> {});
        try {
            vm.start();
        } catch (VmException e) {
            vm.close();
            throw e;
        }
        return new GuestVm(name, vm, parts);
    }

    /** All the parts there are. */
    public static Catalog catalog() {
        return Wiring.catalog();
    }

    /**
     * Runs the guest on two engines side by side.
     *
     * @param instructions at most
     * @param serial gets what it writes to COM1
     */
    public static LockStep.Result lockStep(
            Path firmware,
            List<String> options,
            String engine,
            long instructions,
            Consumer<byte[]> serial)
            throws VmException {
        VmConfig config = BootOptions.parse(options).config();
        var asked =
                new LockStep.Options(
                        engine,
                        LockStep.REFERENCE,
                        instructions,
                        LockStep.CHUNK,
                        serial,
                        _ -> !Thread.currentThread().isInterrupted());
        try (var run =
                new LockStepRun(config, Wiring.catalog(), new Firmware(List.of(firmware)), asked)) {
            return run.run();
        }
    }

    /** The same, with COM1 on the VM's console. */
    private static VmConfig heard(VmConfig c) {
        return new VmConfig(
                c.name(),
                c.engine(),
                c.mmu(),
                c.cpu(),
                c.cpus(),
                c.memoryMiB(),
                c.devices(),
                c.boot(),
                "console",
                c.debugExit(),
                c.logPorts(),
                c.vnc(),
                c.autostart(),
                c.icount(),
                c.resetOnTripleFault());
    }

    public Vm vm() {
        return vm;
    }

    public double seconds() {
        return (System.nanoTime() - started) / 1e9;
    }

    /** Tells how long it took to get somewhere, in the test's output. */
    public void reached(String what) {
        System.out.printf("%s: %s after %.1f s%n", name, what, seconds());
    }

    // --- devices that are updated

    /** The models on its board. */
    public List<String> devices() {
        return PcModel.devices(vm.config()).stream().map(VmConfig.DeviceSpec::model).toList();
    }

    /** The device's maker goes, and another one comes, as when its bundle is updated. */
    public void replaceDevice(String model) throws VmException {
        replaceDevices(List.of(model));
    }

    /** The same with several, which go before any of them comes back. */
    public void replaceDevices(List<String> models) throws VmException {
        List<DeviceFactory> old = new ArrayList<>();
        for (String model : models) {
            old.add(parts.device(model));
        }
        for (DeviceFactory maker : old) {
            parts.remove(maker);
            vm.withdrawn(maker);
            if (vm.state() != VmState.PAUSED) {
                throw new AssertionError("it does not wait for " + maker.model());
            }
        }
        for (DeviceFactory maker : Wiring.devices()) {
            if (models.contains(maker.model())) {
                parts.add(maker);
                vm.arrived(maker);
            }
        }
        if (vm.state() != VmState.RUNNING) {
            throw new AssertionError("it does not go on: " + vm.mode().waitsFor());
        }
    }

    // --- what it shows

    public String serial() {
        return new String(vm.console().recent(), StandardCharsets.UTF_8);
    }

    /** The screen's rows, or an empty text in graphics modes. */
    public String screen() {
        return String.join("\n", vm.screen().map(Screen::text).orElseGet(vm::lastText));
    }

    public Frame picture() {
        var frame = new Frame();
        return vm.screen()
                .map(screen -> {
                    screen.refresh(frame);
                    return frame;
                })
                .or(vm::lastFrame)
                .orElse(frame);
    }

    public void awaitSerial(String text, int seconds) throws InterruptedException {
        await("\"" + text + "\" on the serial line", seconds, () -> serial().contains(text));
    }

    public void awaitScreen(String text, int seconds) throws InterruptedException {
        await("\"" + text + "\" on the screen", seconds, () -> screen().contains(text));
    }

    public void await(String what, int seconds, BooleanSupplier condition)
            throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        while (!condition.getAsBoolean()) {
            boolean over = vm.state() != VmState.RUNNING;
            if ((over || System.nanoTime() - end > 0) && !condition.getAsBoolean()) {
                throw new AssertionError(
                        "no %s within %d s; %s".formatted(what, seconds, situation()));
            }
            Thread.sleep(50);
        }
        reached(what);
    }

    /**
     * @return how it ended by itself
     */
    public Outcome awaitEnd(int seconds) throws InterruptedException {
        try {
            Outcome outcome = vm.outcome().get(seconds, TimeUnit.SECONDS);
            reached(outcome.toString());
            return outcome;
        } catch (TimeoutException e) {
            throw new AssertionError(
                    "it did not end within %d s; %s".formatted(seconds, situation()), e);
        } catch (ExecutionException e) {
            throw new AssertionError(situation(), e);
        }
    }

    private String situation() {
        String serial = serial();
        return "%s is %s after %.0f s%s; screen (%s):%n%s%nserial line:%n%s"
                .formatted(
                        name,
                        vm.state(),
                        seconds(),
                        vm.failure().map(" (%s)"::formatted).orElse(""),
                        writePicture(),
                        screen(),
                        serial.substring(Math.max(0, serial.length() - TAIL)));
    }

    /** Writes the present picture to target/guests. @return where it is, or why it is not */
    public String writePicture() {
        Path file = Path.of("target", "guests", name.replaceAll("[^\\w-]+", "-") + ".png");
        try {
            Files.createDirectories(file.getParent());
            Screenshot.write(Optional.of(picture()), file);
            return file.toString();
        } catch (IOException | IllegalArgumentException e) {
            return "no picture: " + e.getMessage();
        }
    }

    // --- what is done to it

    /** On the keyboard. */
    public void type(String text) throws InterruptedException {
        press(UsKeyboard.text(text));
    }

    /** Keys pressed together, by name. */
    public void chord(String keys) throws InterruptedException {
        press(UsKeyboard.chord(keys));
    }

    private void press(List<byte[]> strokes) throws InterruptedException {
        var keyboard = vm.keyboard().orElseThrow();
        int sent = UsKeyboard.send(keyboard, strokes, Duration.ofSeconds(20));
        if (sent < strokes.size()) {
            throw new AssertionError("it does not read its keyboard; " + situation());
        }
    }

    /** On the serial line. */
    public void send(String text) {
        vm.console().send(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Logs in as a VNC viewer, through a socket. */
    public RfbClient viewer() throws VmException, IOException {
        var said = new ByteArrayOutputStream();
        display = Display.open(Optional.of("127.0.0.1:0"), vm, new PrintStream(said, true));
        String port = said.toString(StandardCharsets.UTF_8).strip().replaceAll(".*:", "");
        return RfbClient.login("127.0.0.1", Integer.parseInt(port), "");
    }

    @Override
    public void close() {
        if (display != null) {
            display.close();
        }
        vm.close();
    }
}
