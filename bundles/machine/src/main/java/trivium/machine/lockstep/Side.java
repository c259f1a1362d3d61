package trivium.machine.lockstep;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import trivium.cpu.ExecutionEngine;
import trivium.cpu.VcpuExit;
import trivium.cpu.VcpuRunner;
import trivium.cpu.VcpuState;
import trivium.device.BlockBackend;
import trivium.device.CurrentVcpu;
import trivium.device.FirmwareConfig;
import trivium.device.PowerControl;
import trivium.device.SerialBackend;
import trivium.machine.board.Backends;
import trivium.machine.board.Board;
import trivium.machine.board.BusThread;
import trivium.machine.board.VirtualCpu;
import trivium.machine.boot.Boot;
import trivium.machine.life.Catalog;
import trivium.machine.life.PcModel;
import trivium.mmu.MmuStrategy;
import trivium.vm.VmConfig;
import trivium.vm.VmException;
import trivium.x86.Reset;

/**
 * One of the two machines: a board whose time is counted, with its vCPU on a thread of its own.
 * Everything here but {@link #advance} is called while that thread rests.
 */
final class Side implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Side.class);
    private static final String ENGINE_FILE = "opt/trivium/engine";

    /** A guest that is woken by nothing for that long has come to its end. */
    private static final long HALTED_FOR_GOOD = 3600L * 1_000_000_000;

    private static final int TAIL = 128;

    /** Where an instruction was, and RCX before it. */
    record Place(long count, long rip, long rcx) {}

    private final ExecutionEngine engine;
    private final MmuStrategy mmu;
    private final Boot boot;
    private final Board board;
    private final VirtualCpu vcpu;
    private final Map<String, ScratchImage> drives = new LinkedHashMap<>();
    private final ExecutorService thread;
    private final Power power = new Power();
    private final List<Place> tail = new ArrayList<>();
    private VcpuRunner runner;
    private long earlier;
    private volatile String end;
    private volatile boolean resetAsked;

    /** Gets COM1's output. */
    volatile IntConsumer serial = _ -> {};

    Side(VmConfig config, Catalog catalog, Boot boot, ExecutionEngine engine, MmuStrategy mmu)
            throws VmException {
        this.engine = engine;
        this.mmu = mmu;
        this.boot = boot;
        String name = "trivium-%s-lockstep-%s".formatted(config.name(), engine.name());
        thread = Executors.newSingleThreadExecutor(r -> new BusThread(r, name));
        try {
            for (VmConfig.Drive drive : config.boot().drives()) {
                drives.put(drive.slot(), new ScratchImage(drive));
            }
            board = new Board(config, new Host(config), power, e -> end = "a timer failed: " + e);
        } catch (VmException | RuntimeException e) {
            closeDrives();
            thread.shutdown();
            throw e;
        }
        vcpu = board.vcpus().getFirst();
        vcpu.setSoftware(catalog::software);
        try {
            for (VmConfig.DeviceSpec device : PcModel.devices(config)) {
                board.plug(catalog.device(device.model()), device.options());
            }
            board.connect();
            boot.install(board);
            // Both guests are told the same.
            board.find(FirmwareConfig.class)
                    .ifPresent(f -> f.addFile(ENGINE_FILE, new byte[] {'?'}));
            board.clock().run();
            onThread(this::powerOn);
        } catch (VmException | RuntimeException e) {
            close();
            throw e;
        }
    }

    private void powerOn() throws VmException {
        CurrentVcpu.bind(0, vcpu.state());
        vcpu.bindThread();
        attach();
        reset();
    }

    private void attach() {
        runner = engine.attach(vcpu, mmu);
        board.clock().follow(runner::instructions);
    }

    private void detach() {
        if (runner != null) {
            earlier += runner.instructions();
            board.clock().follow(() -> 0);
            runner.close();
            runner = null;
        }
    }

    private void reset() throws VmException {
        board.resetDevices();
        Reset.powerOn(vcpu.state(), vcpu.model(), vcpu.index());
        vcpu.apic().reset();
        vcpu.apic().setBase(vcpu.state().apicBase);
        boot.enter(board);
        detach(); // engines forget what they cached
        attach();
    }

    // --- running

    private interface Work {
        void run() throws VmException;
    }

    private Future<?> start(Work work) {
        return thread.submit(() -> {
            work.run();
            return null;
        });
    }

    private void onThread(Work work) throws VmException {
        await(start(work));
    }

    static void await(Future<?> work) throws VmException {
        try {
            work.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new VmException("interrupted", e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof VmException told) {
                throw told;
            }
            throw new IllegalStateException(e.getCause());
        }
    }

    /**
     * Runs until so many instructions were retired since power-on, or the guest has ended.
     *
     * @param tailed whether to remember where the last instructions were
     */
    Future<?> advance(long to, boolean tailed) {
        return start(() -> {
            tail.clear();
            if (tailed && to - instructions() > TAIL) {
                runUntil(to - TAIL);
            }
            while (tailed && end == null && instructions() < to) {
                VcpuState s = vcpu.state();
                tail.add(new Place(instructions(), s.rip, s.gpr[VcpuState.RCX]));
                runUntil(instructions() + 1);
            }
            runUntil(to);
        });
    }

    private void runUntil(long to) throws VmException {
        try {
            while (end == null && instructions() < to) {
                long most = Math.min(board.timers().catchUp(), to - instructions());
                act(runner.run(most));
            }
        } catch (RuntimeException e) {
            LOG.error("{} failed", engine.name(), e);
            end = "engine %s failed: %s".formatted(engine.name(), e);
        }
    }

    private void act(VcpuExit exit) throws VmException {
        switch (exit) {
            case null -> {}
            case VcpuExit.Halted _ -> {
                if (!vcpu.skipHalt(HALTED_FOR_GOOD)) {
                    end = "the guest halted for good";
                }
            }
            case VcpuExit.Kicked _ -> {
                if (resetAsked) {
                    resetAsked = false;
                    reset();
                }
            }
            case VcpuExit.TripleFault _ -> {
                if (board.config().resetOnTripleFault()) {
                    reset();
                } else {
                    end = "triple fault";
                }
            }
            case VcpuExit.Failed(String reason) -> end = "the engine gave up: " + reason;
        }
    }

    /** Retired since power-on. */
    long instructions() {
        return earlier + (runner == null ? 0 : runner.instructions());
    }

    /** The number of instructions at which the next timer is due. */
    long nextDeadline() {
        long until = board.timers().untilNext();
        return until == Long.MAX_VALUE ? until : instructions() + until;
    }

    /** Why the guest ended; null while it goes on. */
    String end() {
        return end;
    }

    /** Where the last instructions were, the last one last. */
    List<Place> tail() {
        return tail;
    }

    String engine() {
        return engine.name();
    }

    VcpuState state() {
        return vcpu.state();
    }

    VirtualCpu vcpu() {
        return vcpu;
    }

    Board board() {
        return board;
    }

    Map<String, ScratchImage> drives() {
        return drives;
    }

    /** Goes back or forth to a state; {@code work} brings memory and devices there. */
    void restore(long instructions, Runnable work) throws VmException {
        onThread(() -> {
            detach();
            work.run();
            earlier = instructions;
            end = null;
            resetAsked = false;
            attach();
        });
    }

    @Override
    public void close() {
        try {
            onThread(this::detach);
        } catch (VmException | RuntimeException e) {
            LOG.warn("{}: not closed", engine.name(), e);
        }
        thread.shutdown();
        board.close();
        closeDrives();
    }

    private void closeDrives() {
        for (ScratchImage drive : drives.values()) {
            try {
                drive.close();
            } catch (IOException e) {
                LOG.warn("an image was not closed", e);
            }
        }
    }

    // --- the world outside

    private final class Power implements PowerControl {
        @Override
        public void powerOff(String by) {
            stop("the guest powered off by " + by);
        }

        @Override
        public void debugExit(int value) {
            stop("debug exit " + value);
        }

        private void stop(String why) {
            end = why;
            vcpu.kick();
        }

        @Override
        public void reset(String by) {
            resetAsked = true;
            vcpu.kick();
        }
    }

    private final class Host implements Backends {
        private final VmConfig config;

        Host(VmConfig config) {
            this.config = config;
        }

        @Override
        public Optional<SerialBackend> serial(int port) {
            return port == 0 ? Optional.of(new Line()) : Optional.empty();
        }

        @Override
        public Optional<BlockBackend> drive(String slot) {
            return Optional.ofNullable(drives.get(slot));
        }

        @Override
        public Optional<String> property(String key) {
            return switch (key) {
                case "name" -> Optional.of(config.name());
                case "boot-order" -> Optional.of(boot.order()).filter(order -> !order.isEmpty());
                default -> Optional.empty();
            };
        }

        @Override
        public Optional<byte[]> firmware(String role) {
            return boot.firmware(role);
        }
    }

    private final class Line implements SerialBackend {
        @Override
        public void send(int octet) {
            serial.accept(octet);
        }

        @Override
        public int receive() {
            return -1;
        }

        @Override
        public void onReceivable(Runnable listener) {}
    }
}
