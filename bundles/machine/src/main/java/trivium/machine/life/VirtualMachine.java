package trivium.machine.life;

import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.IntConsumer;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import trivium.device.Balloon;
import trivium.device.DeviceFactory;
import trivium.device.FirmwareConfig;
import trivium.device.PowerButton;
import trivium.device.PowerControl;
import trivium.display.Frame;
import trivium.display.Screen;
import trivium.hostos.HostInfo;
import trivium.input.KeyboardSink;
import trivium.input.PointerSink;
import trivium.machine.block.RemovableDrive;
import trivium.machine.board.Board;
import trivium.machine.board.VirtualCpu;
import trivium.machine.boot.Boot;
import trivium.machine.boot.Firmware;
import trivium.machine.config.ConfigCheck;
import trivium.machine.memory.GuestMemory;
import trivium.machine.serial.SerialPort;
import trivium.vm.CodeListing;
import trivium.vm.Vm;
import trivium.vm.VmConfig;
import trivium.vm.VmConfig.Drive;
import trivium.vm.VmEvent;
import trivium.vm.VmException;
import trivium.vm.VmState;
import trivium.x86.Reset;

/**
 * A VM and its life. Whoever changes it holds {@code control}; what a guest or a failing vCPU asks
 * for is done on a thread of its own, after the vCPUs were told to stand still at once.
 */
public final class VirtualMachine implements Vm, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(VirtualMachine.class);
    private static final int CONTROL_SECONDS = 30;
    private static final String ENGINE_FILE = "opt/trivium/engine";

    private final String name;
    private final Catalog catalog;
    private final Firmware firmware;
    private final Consumer<VmEvent> events;
    private final SerialPort serial;
    private final Modes modes;

    /** How many threads are about to do what the guest or a failure asked for. */
    private final AtomicInteger asked = new AtomicInteger();

    /** Taken before every other lock; never while a device's monitor is held. */
    private final ReentrantLock control = new ReentrantLock();

    // Written under control.
    private volatile VmConfig config;
    private volatile VmState state = VmState.OFF;
    private volatile Machine machine;
    private volatile String failure;
    private volatile Frame lastFrame;
    private volatile List<String> lastText = List.of();
    private volatile Statistics lastStatistics = new Statistics(0, 0, 0, Map.of());
    private volatile CompletableFuture<Outcome> outcome = new CompletableFuture<>();

    /** Why it is paused until devices come back, if it is. */
    private volatile String missingDevices;

    private volatile boolean resumeWhenBack;

    private final EventRates eventRates = new EventRates();
    private volatile Map<String, Double> rates = Map.of();

    /** What is there while the VM is on. */
    private record Machine(
            VmConfig config,
            Board board,
            Boot boot,
            Drives drives,
            SerialOutput output,
            PortLogs logs,
            List<VcpuLoop> loops,
            long since) {}

    /**
     * @param events told of what happens to this VM; must not block
     */
    public VirtualMachine(
            VmConfig config, Catalog catalog, Firmware firmware, Consumer<VmEvent> events) {
        this.name = config.name();
        this.config = config;
        this.catalog = catalog;
        this.firmware = firmware;
        this.events = events;
        this.modes = new Modes(new ModesOwner(), catalog, config.engine(), config.mmu());
        this.serial = new SerialPort(config.name());
    }

    @Override
    public String id() {
        return name;
    }

    @Override
    public VmConfig config() {
        return config;
    }

    /** Changes take effect when the power comes on next. */
    public void reconfigure(VmConfig changed) {
        control.lock();
        try {
            if (changed.equals(config)) {
                return;
            }
            config = changed;
            if (machine == null) {
                modes.configure(changed.engine(), changed.mmu());
            } else {
                LOG.info("vm {}: the new configuration counts from the next start on", id());
            }
        } finally {
            control.unlock();
        }
    }

    @Override
    public VmState state() {
        return state;
    }

    // --- power

    @Override
    public void start() throws VmException {
        control.lock();
        try {
            if (state == VmState.RUNNING || state == VmState.PAUSED) {
                throw wrongState("start", "off");
            }
            powerOn(null);
        } finally {
            control.unlock();
        }
    }

    /** Powers on with the state of a VM of the same configuration: goes on from there. */
    public void startFrom(VmSnapshot past) throws VmException {
        control.lock();
        try {
            if (machine != null) {
                throw wrongState("start", "off");
            }
            powerOn(past);
        } finally {
            control.unlock();
        }
    }

    /** Keeps the whole state, for other VMs to begin with; stops a running VM for the moment. */
    public VmSnapshot capture() throws VmException {
        control.lock();
        try {
            Machine now = completeOr("keep the state of");
            if (!holdAll()) {
                throw new VmException("vm %s: a vCPU does not come to rest".formatted(id()));
            }
            if (asked.get() > 0) {
                throw new VmException("vm %s is about to be reset or switched off".formatted(id()));
            }
            var parts =
                    new VmSnapshot.Parts(
                            now.boot, now.drives, serial, modes.wantedEngine(), modes.wantedMmu());
            return VmSnapshot.take(now.board, parts);
        } finally {
            if (state == VmState.RUNNING) {
                proceed();
            }
            control.unlock();
        }
    }

    /**
     * @param past to go on from; null: begins at reset
     */
    private void powerOn(VmSnapshot past) throws VmException {
        ConfigCheck.check(config);
        modes.configure(
                past == null ? config.engine() : past.engine(),
                past == null ? config.mmu() : past.mmu());
        EngineMode mode = modes.choose();
        checkMemory();
        Boot boot = past == null ? Boot.prepare(config, firmware) : past.boot();
        Drives drives = past == null ? Drives.open(config.boot().drives()) : past.openDrives();
        SerialOutput output = null;
        PortLogs logs = null;
        Board board = null;
        try {
            output = SerialOutput.open(config, serial);
            var backends = new VmBackends(config, boot, drives, output.backend());
            board = new Board(config, backends, new Power(), e -> crashed("a timer failed", e));
            logs = PortLogs.open(config.logPorts(), board.ports());
            plugDevices(board);
            board.connect();
            boot.install(board);
            machine =
                    new Machine(
                            config,
                            board,
                            boot,
                            drives,
                            output,
                            logs,
                            new ArrayList<>(),
                            System.nanoTime());
            if (past == null) {
                resetAll(board, boot);
            } else {
                board.resetDevices();
                past.restore(board, serial);
            }
        } catch (VmException | RuntimeException e) {
            machine = null;
            closeAll(board, logs, output, drives);
            throw e;
        }
        launch(mode, past == null ? "started" : past.origin());
    }

    private void launch(EngineMode mode, String why) {
        failure = null;
        missingDevices = null;
        resumeWhenBack = false;
        if (outcome.isDone()) {
            outcome = new CompletableFuture<>();
        }
        modes.started(mode);
        tellEngine(mode);
        Board board = machine.board;
        for (VirtualCpu vcpu : board.vcpus()) {
            vcpu.setSoftware(catalog::software);
            var loop = new VcpuLoop(board, vcpu, mode, new LoopObserver());
            machine.loops.add(loop);
            loop.start();
        }
        // Engines see a board that nothing ran on yet.
        machine.loops.forEach(loop -> uninterrupted(loop::awaitHeld));
        enter(VmState.RUNNING, why);
        proceed();
    }

    private void checkMemory() throws VmException {
        long hostMiB = HostInfo.memoryBytes() >> 20;
        if (config.memoryMiB() > hostMiB) {
            throw new VmException(
                    "vm %s: %d MiB of memory is more than this host has, %d MiB"
                            .formatted(id(), config.memoryMiB(), hostMiB));
        }
    }

    /**
     * @throws VmException naming the first part that is not there now
     */
    void checkParts() throws VmException {
        catalog.engine(config.engine());
        catalog.strategy(config.mmu());
        for (VmConfig.DeviceSpec device : PcModel.devices(config)) {
            catalog.device(device.model());
        }
    }

    private void plugDevices(Board board) throws VmException {
        for (VmConfig.DeviceSpec device : PcModel.devices(config)) {
            board.plug(catalog.device(device.model()), device.options());
        }
    }

    private void resetAll(Board board, Boot with) throws VmException {
        board.resetDevices();
        for (VirtualCpu vcpu : board.vcpus()) {
            Reset.powerOn(vcpu.state(), vcpu.model(), vcpu.index());
            vcpu.apic().reset();
            vcpu.apic().setBase(vcpu.state().apicBase);
        }
        with.enter(board);
    }

    @Override
    public void shutdown() throws VmException {
        Machine now = machineOr("shut down");
        PowerButton button =
                now.board
                        .find(PowerButton.class)
                        .orElseThrow(
                                () -> new VmException("vm %s has no power button".formatted(id())));
        button.press();
    }

    @Override
    public void stop() throws VmException {
        control.lock();
        try {
            machineOr("stop");
            powerOff("stop", new Outcome.PoweredOff("operator"));
        } finally {
            control.unlock();
        }
    }

    /** Cuts the power. Control is held. */
    private void powerOff(String why, Outcome how) {
        boolean still = holdAll();
        snapshot();
        boolean ended = quitAll();
        Machine was = machine;
        machine = null;
        modes.ended();
        if (still && ended) {
            closeAll(was.board, was.logs, was.output, was.drives);
        } else {
            // Its thread may still touch guest memory, so that memory is never given back.
            LOG.error("vm {}: a vCPU did not stop; its memory and drives stay in use", id());
        }
        boolean crashed = how instanceof Outcome.Crashed || how instanceof Outcome.TripleFault;
        enter(crashed ? VmState.CRASHED : VmState.OFF, why);
        outcome.complete(how);
    }

    /** Closes what was opened, the last first; nulls are what was not. */
    private static void closeAll(Board board, PortLogs logs, SerialOutput output, Drives drives) {
        if (board != null) {
            board.close();
        }
        if (logs != null) {
            logs.close();
        }
        if (output != null) {
            output.close();
        }
        drives.close();
    }

    // --- pause, resume, reset

    @Override
    public void pause() throws VmException {
        control.lock();
        try {
            if (waitsFor() != null && resumeWhenBack) {
                resumeWhenBack = false; // it stays paused when it has waited
                return;
            }
            if (state != VmState.RUNNING) {
                throw wrongState("pause", "running");
            }
            holdAll();
            enter(VmState.PAUSED, "paused");
        } finally {
            control.unlock();
        }
    }

    @Override
    public void resume() throws VmException {
        control.lock();
        try {
            if (state != VmState.PAUSED) {
                throw wrongState("resume", "paused");
            }
            if (waitsFor() != null) {
                resumeWhenBack = true;
                throw new VmException("vm %s waits: %s".formatted(id(), waitsFor()));
            }
            enter(VmState.RUNNING, "resumed");
            proceed();
        } finally {
            control.unlock();
        }
    }

    @Override
    public void reset() throws VmException {
        control.lock();
        try {
            machineOr("reset");
            resetHeld();
        } finally {
            control.unlock();
        }
    }

    /** Control is held and the VM is on. */
    private void resetHeld() throws VmException {
        completeOr("reset");
        holdAll();
        try {
            resetAll(machine.board, machine.boot);
            modes.refresh();
        } finally {
            if (state == VmState.RUNNING) {
                proceed();
            }
        }
        LOG.info("vm {}: reset", id());
    }

    /** Brings every vCPU and timer to rest. @return false if a vCPU does not come to rest */
    private boolean holdAll() {
        boolean all = holdVcpus(machine);
        machine.board.clock().stop();
        machine.board.timers().settle();
        return all;
    }

    private static boolean holdVcpus(Machine now) {
        now.loops.forEach(VcpuLoop::hold);
        boolean all = true;
        for (VcpuLoop loop : now.loops) {
            all &= uninterrupted(loop::awaitHeld);
        }
        return all;
    }

    private void proceed() {
        machine.board.clock().run();
        machine.board.timers().resume();
        release(machine.loops);
    }

    /** Not while somebody is about to end or reset the machine, who sees to it. */
    private void release(List<VcpuLoop> loops) {
        if (asked.get() == 0) {
            loops.forEach(VcpuLoop::release);
        }
    }

    private boolean quitAll() {
        machine.loops.forEach(VcpuLoop::quit);
        boolean all = true;
        for (VcpuLoop loop : machine.loops) {
            all &= uninterrupted(loop::join);
        }
        return all;
    }

    private interface Wait {
        boolean done() throws InterruptedException;
    }

    /** A caller's interrupt does not leave a VM half changed: it is restored afterwards. */
    private static boolean uninterrupted(Wait wait) {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return wait.done();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    // --- what guests and failures ask for

    private final class Power implements PowerControl {
        @Override
        public void powerOff(String by) {
            soon(() -> VirtualMachine.this.powerOff(by, new Outcome.PoweredOff(by)));
        }

        @Override
        public void reset(String by) {
            soon(() -> resetFor(by));
        }

        @Override
        public void debugExit(int value) {
            soon(() ->
                    VirtualMachine.this.powerOff(
                            "debug exit " + value, new Outcome.DebugExit(value)));
        }
    }

    /** Control is held and the VM is on. */
    private void resetFor(String reason) {
        try {
            resetHeld();
        } catch (VmException e) {
            crash("reset by " + reason + ": " + e.getMessage(), e);
        }
    }

    private final class LoopObserver implements VcpuLoop.Observer {
        @Override
        public void tripleFault(VcpuLoop loop) {
            soon(() -> {
                String registers = RegisterText.of(loop.vcpu().state());
                int index = loop.vcpu().index();
                LOG.error("vm {}, vCPU {}: triple fault\n{}", id(), index, registers);
                if (machine.config.resetOnTripleFault()) {
                    resetFor("triple fault");
                } else {
                    failure = "vCPU %d: triple fault".formatted(index);
                    powerOff(failure, new Outcome.TripleFault(registers));
                }
            });
        }

        @Override
        public void failed(VcpuLoop loop, String reason, Throwable cause) {
            crashed("vCPU %d: %s".formatted(loop.vcpu().index(), reason), cause);
        }

        @Override
        public void swapped(VcpuLoop loop, long pauseNanos) {
            modes.paused(loop.vcpu().index(), pauseNanos);
        }
    }

    private void crashed(String reason, Throwable cause) {
        soon(() -> crash(reason, cause));
    }

    /** Control is held and the VM is on. */
    private void crash(String reason, Throwable cause) {
        failure = reason;
        holdAll();
        LOG.error("vm {}: {}\n{}", id(), reason, allRegisters(), cause);
        powerOff(reason, new Outcome.Crashed(reason));
    }

    private String allRegisters() {
        StringBuilder text = new StringBuilder();
        machine.loops.forEach(l -> text.append(RegisterText.of(l.vcpu().state())));
        return text.toString();
    }

    /**
     * Stops the guest where it is and acts under control, if the machine is then still the same.
     */
    private void soon(Runnable action) {
        Machine now = machine;
        if (now == null) {
            return;
        }
        asked.incrementAndGet();
        now.loops.forEach(VcpuLoop::hold);
        Thread.ofPlatform()
                .daemon()
                .name("trivium-%s-control".formatted(id()))
                .start(() -> act(now, action));
    }

    private void act(Machine when, Runnable action) {
        control.lock();
        asked.decrementAndGet();
        try {
            if (machine == when) {
                action.run();
            }
        } catch (RuntimeException e) {
            LOG.error("vm {}: control failed", id(), e);
            if (machine == when) {
                crash("control failed: " + e, e);
            }
        } finally {
            control.unlock();
        }
    }

    // --- engines

    @Override
    public void useEngine(String name) throws VmException {
        control.lock();
        try {
            machineOr("change the engine of");
            modes.want(name, modes.wantedMmu());
        } finally {
            control.unlock();
        }
    }

    @Override
    public void useMmu(String name) throws VmException {
        control.lock();
        try {
            machineOr("change the MMU strategy of");
            modes.want(modes.wantedEngine(), name);
        } finally {
            control.unlock();
        }
    }

    private final class ModesOwner implements Modes.Owner {
        @Override
        public String id() {
            return name;
        }

        @Override
        public List<VcpuLoop> loops() {
            Machine now = machine;
            return now == null ? List.of() : now.loops;
        }

        @Override
        public boolean running() {
            return state == VmState.RUNNING;
        }

        @Override
        public boolean holdVcpus() {
            return VirtualMachine.holdVcpus(machine);
        }

        @Override
        public void releaseVcpus() {
            if (machine != null && state == VmState.RUNNING) {
                release(machine.loops);
            }
        }

        @Override
        public void reconsider() {
            goOnOrWait();
        }

        @Override
        public void changed(String fromEngine, EngineMode to) {
            tellEngine(to);
            String now = to.engine().name();
            LOG.info("vm {}: engine {}, MMU strategy {}", id(), now, to.strategy().name());
            events.accept(new VmEvent.EngineChanged(id(), fromEngine, now));
        }

        @Override
        public void crash(String reason, Throwable cause) {
            VirtualMachine.this.crash(reason, cause);
        }
    }

    /** Why it stands still; null if nothing is missing. */
    private String waitsFor() {
        return missingDevices != null ? missingDevices : modes.waitsFor();
    }

    /** Stands still for want of a part, or goes on when it is there again. Control is held. */
    private void goOnOrWait() {
        String why = waitsFor();
        if (why != null && state == VmState.RUNNING) {
            holdAll();
            resumeWhenBack = true;
            enter(VmState.PAUSED, why);
        } else if (why == null && state == VmState.PAUSED && resumeWhenBack) {
            resumeWhenBack = false;
            enter(VmState.RUNNING, "what it waited for is back");
            proceed();
        }
    }

    /** A guest that wants to know who runs it finds the name in fw_cfg. */
    private void tellEngine(EngineMode mode) {
        byte[] engine = mode.engine().name().getBytes(StandardCharsets.US_ASCII);
        machine.board.find(FirmwareConfig.class).ifPresent(f -> f.addFile(ENGINE_FILE, engine));
    }

    /** Looks at a board that stands still. */
    public interface Look {
        void at(Board board) throws VmException;
    }

    /**
     * Looks at the board while the VM is paused.
     *
     * @return false if it is not paused
     */
    public boolean whilePaused(Look look) throws VmException {
        control.lock();
        try {
            if (state != VmState.PAUSED) {
                return false;
            }
            completeOr("look at");
            look.at(machine.board);
            return true;
        } finally {
            control.unlock();
        }
    }

    /**
     * An engine or a strategy is about to go: when this returns, no vCPU has to do with it. The VM
     * goes on with another one if it may, or waits.
     */
    public void withdrawn(Object part, String what) {
        underControl(() -> {
            if (modes.uses(part)) {
                LOG.info("vm {}: {} is gone", id(), what);
                modes.withdrawn(what);
            }
        });
    }

    /** An engine or a strategy came: perhaps one to change to, or to go on with. */
    public void arrived(String what) {
        underControl(() -> {
            if (machine != null) {
                modes.arrived(what);
            }
        });
    }

    /** For what bundles do: nobody waits for ever in there. */
    private void underControl(Runnable action) {
        boolean locked = uninterrupted(() -> control.tryLock(CONTROL_SECONDS, TimeUnit.SECONDS));
        if (!locked) {
            LOG.error("vm {}: is busy for {} s, and keeps what it has", id(), CONTROL_SECONDS);
            return;
        }
        try {
            action.run();
        } finally {
            control.unlock();
        }
    }

    /** To be called ten times a second: looks at what the vCPUs do. Not where time is counted. */
    void sample() {
        Machine now = machine;
        if (now != null && !now.config.icount()) {
            modes.sample();
        }
    }

    /** To be called every second: lets policy choose, unless somebody is at it just now. */
    void decide() {
        Machine now = machine;
        if (now == null || now.config.icount() || !control.tryLock()) {
            return;
        }
        try {
            if (machine == now) {
                rates = eventRates.since(statistics(now));
                modes.decide();
            }
        } finally {
            control.unlock();
        }
    }

    @Override
    public Vm.Advice advice() {
        return modes.advise(machine == null ? Map.of() : rates);
    }

    @Override
    public Vm.Mode mode() {
        return modes.describe(waitsFor());
    }

    /** What it has of others, while it is on. */
    List<Modes.Use> uses() {
        control.lock();
        try {
            if (machine == null) {
                return List.of();
            }
            List<Modes.Use> uses = new ArrayList<>(modes.uses());
            machine.board
                    .makers()
                    .forEach((model, maker) ->
                            uses.add(new Modes.Use("device " + model, maker, Modes.WAITS)));
            return uses;
        } finally {
            control.unlock();
        }
    }

    // --- devices that come and go

    /**
     * A factory is about to go: when this returns, the VM has no device of it. It stands still
     * until there is another one that takes the devices' states.
     */
    public void withdrawn(DeviceFactory factory) {
        underControl(() -> {
            if (machine != null && machine.board.uses(factory)) {
                LOG.info("vm {}: device {} is gone", id(), factory.model());
                replace(factory);
            }
        });
    }

    /** A factory came: perhaps one for which the VM waits, or another version of a device. */
    public void arrived(DeviceFactory factory) {
        underControl(() -> {
            if (machine == null || !catalog.has(factory)) {
                return;
            }
            Board board = machine.board;
            if (!board.missing().isEmpty()) {
                putBack();
                if (board.missing().isEmpty() && modes.waitsFor() != null) {
                    modes.arrived("device " + factory.model()); // an engine may need it
                }
            } else if (board.models().contains(factory.model()) && !board.uses(factory)) {
                LOG.info("vm {}: device {} came anew", id(), factory.model());
                takeOver(factory);
            }
        });
    }

    /** Another version of a device takes over; if it cannot, the one that was there goes on. */
    private void takeOver(DeviceFactory factory) {
        List<DeviceFactory> old = machine.board.makersOf(factory.model());
        holdAll();
        old.forEach(machine.board::takeOut);
        try {
            putBackFrom(model -> model.equals(factory.model()) ? factory : catalog.device(model));
        } catch (VmException e) {
            LOG.warn("vm {}: the new version is not used: {}", id(), e.getMessage());
            DeviceFactory before = old.getFirst();
            tryPutBack(model -> model.equals(before.model()) ? before : catalog.device(model));
        }
        settleDevices();
    }

    private void replace(DeviceFactory gone) {
        holdAll();
        machine.board.takeOut(gone);
        putBack();
    }

    private void putBack() {
        tryPutBack(catalog::device);
        settleDevices();
    }

    private void tryPutBack(Board.Makers makers) {
        try {
            putBackFrom(makers);
        } catch (VmException e) {
            List<String> missing = machine.board.missing();
            String which =
                    (missing.size() == 1 ? "device " : "devices ") + String.join(", ", missing);
            String reason = e.getMessage();
            reason = reason.startsWith(which + ": ") ? reason : which + ": " + reason;
            if (state == VmState.PAUSED && !reason.equals(missingDevices)) {
                LOG.warn("vm {}: waits: {}", id(), reason);
            }
            missingDevices = reason;
        }
    }

    private void putBackFrom(Board.Makers makers) throws VmException {
        Machine now = machine;
        now.board.putBack(
                makers,
                () -> {
                    now.boot.offer(now.board);
                    modes.used().ifPresent(this::tellEngine);
                });
        missingDevices = null;
        modes.refresh();
    }

    /** Goes on after devices were taken out and put back, or not. */
    private void settleDevices() {
        if (missingDevices == null && state == VmState.RUNNING) {
            proceed();
        }
        goOnOrWait();
    }

    @Override
    public String engine() {
        return modes.engine();
    }

    @Override
    public String mmu() {
        return modes.mmu();
    }

    // --- media

    @Override
    public Map<String, Optional<Path>> media() {
        Machine now = machine;
        Map<String, Optional<Path>> media = new TreeMap<>();
        for (Drive drive : (now == null ? config : now.config).boot().drives()) {
            Optional<Path> image = Optional.of(drive.image()).filter(p -> !p.toString().isEmpty());
            Optional<RemovableDrive> there =
                    now == null ? Optional.empty() : now.drives.removable(drive.slot());
            media.put(drive.slot(), there.isPresent() ? there.get().image() : image);
        }
        return media;
    }

    @Override
    public void changeMedium(String slot, Optional<Path> image) throws VmException {
        control.lock();
        try {
            Machine now = machineOr("change a medium of");
            RemovableDrive drive =
                    now.drives.removable(slot).orElseThrow(() -> noRemovable(now, slot));
            drive.change(image);
            LOG.info("vm {}: {} has {}", id(), slot, image.map(Path::toString).orElse("no medium"));
        } finally {
            control.unlock();
        }
    }

    private VmException noRemovable(Machine now, String slot) {
        String there =
                now.config.boot().drives().stream()
                        .filter(d -> RemovableDrive.removable(d.kind()))
                        .map(Drive::slot)
                        .collect(Collectors.joining(", "));
        return new VmException(
                "vm %s: no CD or floppy drive %s; there are %s"
                        .formatted(id(), slot, there.isEmpty() ? "none" : there));
    }

    // --- looking at it

    @Override
    public Optional<String> failure() {
        return Optional.ofNullable(failure);
    }

    @Override
    public CompletableFuture<Outcome> outcome() {
        return outcome;
    }

    @Override
    public Optional<Screen> screen() {
        return find(Screen.class);
    }

    @Override
    public Optional<KeyboardSink> keyboard() {
        Machine now = machine;
        return now == null || now.board.incomplete() ? Optional.empty() : find(KeyboardSink.class);
    }

    @Override
    public Optional<PointerSink> pointer() {
        Machine now = machine;
        return now == null || now.board.incomplete() ? Optional.empty() : now.board.pointer();
    }

    private <T> Optional<T> find(Class<T> type) {
        Machine now = machine;
        return now == null ? Optional.empty() : now.board.find(type);
    }

    /**
     * Does something while no vCPU runs and no device works, unless somebody else changes the VM.
     *
     * @return whether it was done
     */
    boolean whileStill(Runnable work) {
        if (!control.tryLock()) {
            return false;
        }
        try {
            if (machine == null) {
                return false;
            }
            boolean still = holdAll();
            if (still) {
                work.run();
            }
            return still;
        } finally {
            if (state == VmState.RUNNING) {
                proceed();
            }
            control.unlock();
        }
    }

    @Override
    public void balloon(int memoryMiB) throws VmException {
        Machine now = machineOr("balloon");
        int all = now.config.memoryMiB();
        if (memoryMiB < 1 || memoryMiB > all) {
            throw new VmException(
                    "vm %s: %d MiB is not from 1 to %d".formatted(id(), memoryMiB, all));
        }
        Balloon balloon =
                find(Balloon.class)
                        .orElseThrow(() ->
                                new VmException(
                                        "vm %s has no balloon: it needs the device virtio-balloon"
                                                .formatted(id())));
        balloon.setTarget((long) (all - memoryMiB) << 20);
    }

    /** What its balloon took. */
    long ballooned() {
        return find(Balloon.class).map(Balloon::takenBytes).orElse(0L);
    }

    /** With whom it shares pages while it is on. */
    Optional<String> sharingGroup() {
        return Optional.ofNullable(machine).flatMap(now -> now.config.pageSharingGroup());
    }

    /** Present while it is on. */
    Optional<GuestMemory> memory() {
        return Optional.ofNullable(machine).map(now -> now.board.memory());
    }

    @Override
    public SerialConsole console() {
        return serial;
    }

    /**
     * Until its power goes off.
     *
     * @param to gets each octet written to COM1, on the thread that writes it
     */
    void copySerial(IntConsumer to) {
        serial.copyTo(
                new OutputStream() {
                    @Override
                    public void write(int octet) {
                        to.accept(octet & 0xff);
                    }
                });
    }

    @Override
    public long uptimeMillis() {
        Machine now = machine;
        return now == null ? 0 : now.board.clock().nanos() / 1_000_000;
    }

    @Override
    public Statistics statistics() {
        Machine now = machine;
        return now == null ? lastStatistics : statistics(now);
    }

    private static Statistics statistics(Machine now) {
        long instructions = 0, cpuNanos = 0;
        Map<String, Long> counters = new TreeMap<>();
        for (VcpuLoop loop : now.loops) {
            instructions += loop.instructions();
            loop.addCounters(counters);
            cpuNanos += Math.max(0, cpuTime(loop.threadId()));
        }
        return new Statistics(instructions, cpuNanos, System.nanoTime() - now.since, counters);
    }

    private static long cpuTime(long thread) {
        var threads = ManagementFactory.getThreadMXBean();
        return threads.isThreadCpuTimeSupported() ? threads.getThreadCpuTime(thread) : 0;
    }

    /** Keeps what people may still ask for after the power is off. */
    private void snapshot() {
        lastStatistics = statistics(machine);
        screen().ifPresent(screen -> {
            Frame frame = new Frame();
            screen.refresh(frame);
            lastFrame = frame;
            lastText = screen.text();
        });
    }

    /** The picture when the power went off last; empty before, or without a display. */
    public Optional<Frame> lastFrame() {
        return Optional.ofNullable(lastFrame);
    }

    /** The text of that picture, if it was text. */
    public List<String> lastText() {
        return lastText;
    }

    @Override
    public String registers(int vcpu) throws VmException {
        return standingStill(
                vcpu, "read registers of", loop -> RegisterText.of(loop.vcpu().state()));
    }

    @Override
    public CodeListing disassemble(int vcpu, OptionalLong rip, int most) throws VmException {
        return standingStill(
                vcpu,
                "disassemble code of",
                loop -> Disassembly.of(engine(), loop.vcpu(), loop.runner(), rip, most));
    }

    /** Looks at a vCPU between two runs. */
    private <T> T standingStill(int vcpu, String action, Function<VcpuLoop, T> look)
            throws VmException {
        control.lock();
        try {
            Machine now = machineOr(action);
            if (vcpu < 0 || vcpu >= now.loops.size()) {
                throw new VmException(
                        "vm %s has no vCPU %d; there are 0 to %d"
                                .formatted(id(), vcpu, now.loops.size() - 1));
            }
            VcpuLoop loop = now.loops.get(vcpu);
            loop.hold();
            uninterrupted(loop::awaitHeld);
            try {
                return look.apply(loop);
            } finally {
                if (state == VmState.RUNNING) {
                    loop.release();
                }
            }
        } finally {
            control.unlock();
        }
    }

    private Machine machineOr(String action) throws VmException {
        Machine now = machine;
        if (now == null) {
            throw wrongState(action, "running or paused");
        }
        return now;
    }

    /** The machine, if no device is missing. */
    private Machine completeOr(String action) throws VmException {
        Machine now = machineOr(action);
        if (missingDevices != null) {
            throw new VmException(
                    "cannot %s vm %s: it waits, %s".formatted(action, id(), missingDevices));
        }
        return now;
    }

    private VmException wrongState(String action, String needed) {
        return new VmException(
                "cannot %s vm %s: it is %s, not %s".formatted(action, id(), state, needed));
    }

    private void enter(VmState to, String why) {
        VmState from = state;
        state = to;
        LOG.info("vm {}: {} ({})", id(), to, why);
        events.accept(new VmEvent.StateChanged(id(), from, to, why));
    }

    /** Cuts the power if it is on, and ends the console. */
    @Override
    public void close() {
        control.lock();
        try {
            if (machine != null) {
                powerOff("appliance stops", new Outcome.PoweredOff("appliance"));
            }
            serial.close();
        } finally {
            control.unlock();
        }
    }
}
