package trivium.console;

import java.io.ByteArrayOutputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import trivium.display.Frame;
import trivium.display.Screen;
import trivium.input.KeyboardSink;
import trivium.input.PointerSink;
import trivium.vm.CodeListing;
import trivium.vm.Vm;
import trivium.vm.VmConfig;
import trivium.vm.VmException;
import trivium.vm.VmState;

/** A VM that only remembers what was asked of it. */
final class FakeVm implements Vm, Vm.SerialConsole, KeyboardSink, Screen {
    final VmConfig config;
    volatile VmState state = VmState.OFF;
    volatile List<String> text = List.of();
    String engine = "interpreter";
    String mmu = "softtlb";
    final ByteArrayOutputStream serial = new ByteArrayOutputStream();
    final List<Consumer<byte[]>> listeners = new CopyOnWriteArrayList<>();
    final ByteArrayOutputStream sent = new ByteArrayOutputStream();
    final List<Byte> scancodes = new ArrayList<>();
    final Map<String, Optional<Path>> changed = new TreeMap<>();
    boolean keyboardFull;
    List<CodeListing.Line> host = List.of();
    Statistics statistics =
            new Statistics(5_000, 2_000_000, 9_000_000, Map.of("exit.hlt", 7L, "blocks", 3L));

    FakeVm(VmConfig config) {
        this.config = config;
    }

    FakeVm running() {
        state = VmState.RUNNING;
        return this;
    }

    /** The guest writes to COM1. */
    void say(String text) {
        byte[] bytes = text.getBytes(java.nio.charset.StandardCharsets.UTF_8);
        serial.writeBytes(bytes);
        listeners.forEach(listener -> listener.accept(bytes));
    }

    private void change(VmState to, VmState... from) throws VmException {
        if (!List.of(from).contains(state)) {
            throw new VmException("VM '%s' is %s".formatted(id(), state));
        }
        state = to;
    }

    @Override
    public String id() {
        return config.name();
    }

    @Override
    public VmConfig config() {
        return config;
    }

    @Override
    public VmState state() {
        return state;
    }

    @Override
    public void start() throws VmException {
        change(VmState.RUNNING, VmState.OFF, VmState.CRASHED);
    }

    @Override
    public void shutdown() throws VmException {
        change(VmState.OFF, VmState.RUNNING);
    }

    @Override
    public void stop() throws VmException {
        change(VmState.OFF, VmState.RUNNING, VmState.PAUSED);
    }

    @Override
    public void pause() throws VmException {
        change(VmState.PAUSED, VmState.RUNNING);
    }

    @Override
    public void resume() throws VmException {
        change(VmState.RUNNING, VmState.PAUSED);
    }

    @Override
    public void reset() throws VmException {
        change(VmState.RUNNING, VmState.RUNNING, VmState.PAUSED);
    }

    /** What was asked of the balloon last. */
    int balloonMiB;

    @Override
    public void balloon(int memoryMiB) {
        balloonMiB = memoryMiB;
    }

    @Override
    public void useEngine(String wanted) throws VmException {
        if (!List.of("interpreter", "auto").contains(wanted)) {
            throw new VmException("no engine '%s'; there are interpreter".formatted(wanted));
        }
        engine = wanted;
    }

    @Override
    public void useMmu(String wanted) {
        mmu = wanted;
    }

    @Override
    public String engine() {
        return engine;
    }

    @Override
    public String mmu() {
        return mmu;
    }

    @Override
    public Advice advice() {
        return new Advice(
                "bt",
                mmu,
                Map.of("idle", 0.25, "64-bit user", 0.75),
                Map.of("exit-io", 1234.5),
                List.of("it is on interpreter", "so bt is the better choice"));
    }

    @Override
    public Mode mode() {
        return new Mode(
                engine,
                mmu,
                "asked for",
                Optional.empty(),
                new Swaps(2, 1_500_000, 2_000_000, 9_000_000));
    }

    @Override
    public Optional<String> failure() {
        return state == VmState.CRASHED ? Optional.of("triple fault") : Optional.empty();
    }

    @Override
    public CompletableFuture<Outcome> outcome() {
        return new CompletableFuture<>();
    }

    @Override
    public Map<String, Optional<Path>> media() {
        var all = new TreeMap<String, Optional<Path>>();
        config.boot().drives().forEach(d -> all.put(d.slot(), Optional.of(d.image())));
        all.putAll(changed);
        return all;
    }

    @Override
    public void changeMedium(String slot, Optional<Path> image) throws VmException {
        change(state, VmState.RUNNING, VmState.PAUSED);
        changed.put(slot, image);
    }

    @Override
    public Optional<Screen> screen() {
        return on() ? Optional.of(this) : Optional.empty();
    }

    @Override
    public Optional<KeyboardSink> keyboard() {
        return on() ? Optional.of(this) : Optional.empty();
    }

    private boolean on() {
        return state == VmState.RUNNING || state == VmState.PAUSED;
    }

    @Override
    public Optional<PointerSink> pointer() {
        return Optional.empty();
    }

    @Override
    public SerialConsole console() {
        return this;
    }

    @Override
    public long uptimeMillis() {
        return on() ? 3_723_400 : 0;
    }

    @Override
    public Statistics statistics() {
        return statistics;
    }

    @Override
    public String registers(int vcpu) {
        return "vCPU %d\nrip 000000000000fff0\n".formatted(vcpu);
    }

    @Override
    public CodeListing disassemble(int vcpu, OptionalLong rip, int most) {
        var guest =
                List.of(
                        new CodeListing.Line(rip.orElse(0xfff0), "89 d8", "mov eax, ebx", 0),
                        new CodeListing.Line(rip.orElse(0xfff0) + 2, "eb fe", "jmp 0xfff2", 1));
        return new CodeListing(vcpu, engine, 32, guest.subList(0, Math.min(most, 2)), host);
    }

    @Override
    public byte[] recent() {
        return serial.toByteArray();
    }

    @Override
    public AutoCloseable listen(Consumer<byte[]> listener) {
        listeners.add(listener);
        return () -> listeners.remove(listener);
    }

    @Override
    public void send(byte[] bytes) {
        sent.writeBytes(bytes);
    }

    @Override
    public boolean scancodes(byte... set1) {
        if (!keyboardFull) {
            for (byte b : set1) {
                scancodes.add(b);
            }
        }
        return !keyboardFull;
    }

    @Override
    public int leds() {
        return 0;
    }

    @Override
    public int width() {
        return 4;
    }

    @Override
    public int height() {
        return 2;
    }

    /** Two rows of four pixels: red above blue. */
    @Override
    public boolean refresh(Frame frame) {
        frame.resize(4, 2);
        for (int i = 0; i < 8; i++) {
            frame.pixels[i] = i < 4 ? 0xff0000 : 0x0000ff;
        }
        return true;
    }

    @Override
    public List<String> text() {
        return text;
    }
}
