package trivium.machine.life;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import trivium.bus.BusDevice;
import trivium.cpu.CpuModel;
import trivium.cpu.ExecutionEngine;
import trivium.cpu.Host;
import trivium.cpu.Support;
import trivium.cpu.TranslationView;
import trivium.cpu.Vcpu;
import trivium.cpu.VcpuExit;
import trivium.cpu.VcpuRunner;
import trivium.cpu.VcpuState;
import trivium.device.Device;
import trivium.device.DeviceFactory;
import trivium.device.DeviceOptions;
import trivium.device.FirmwareConfig;
import trivium.device.Platform;
import trivium.mmu.Mmu;
import trivium.mmu.MmuStrategy;
import trivium.vm.VmConfig;

/** Engines, strategies and devices that are just enough to give a VM a life. */
final class Fakes {
    private Fakes() {}

    /**
     * "Executes" by counting RAX up and asking {@code program} after each count; null goes on.
     * Honours KICK, HALTED and INTR as a real engine does.
     */
    record Engine(String name, Function<Vcpu, VcpuExit> program, AtomicInteger attached)
            implements ExecutionEngine {
        static Engine of(String name, Function<Vcpu, VcpuExit> program) {
            return new Engine(name, program, new AtomicInteger());
        }

        static Engine counting(String name) {
            return of(name, _ -> null);
        }

        @Override
        public String description() {
            return "counts";
        }

        @Override
        public Support supportOn(Host host) {
            return name.equals("foreign") ? new Support.No("wrong host") : Support.YES;
        }

        @Override
        public VcpuRunner attach(Vcpu vcpu, MmuStrategy mmu) {
            attached.incrementAndGet();
            if (name.equals("unattachable")) {
                attached.decrementAndGet();
                throw new IllegalStateException("cannot attach");
            }
            if (name.equals("half") && vcpu.index() == 1) {
                attached.decrementAndGet();
                throw new IllegalStateException("no second vCPU");
            }
            if (name.equals("slow")) {
                LockSupport.parkNanos(60_000_000);
            }
            return name.equals("bt")
                    ? new Translator(vcpu, program, attached)
                    : new Runner(vcpu, program, attached);
        }
    }

    private static class Runner implements VcpuRunner {
        private final Vcpu vcpu;
        private final Function<Vcpu, VcpuExit> program;
        private final AtomicInteger attached;
        private volatile long instructions;

        Runner(Vcpu vcpu, Function<Vcpu, VcpuExit> program, AtomicInteger attached) {
            this.vcpu = vcpu;
            this.program = program;
            this.attached = attached;
        }

        @Override
        public VcpuExit run() {
            VcpuExit exit = null;
            while (exit == null) {
                exit = step();
                Thread.onSpinWait();
            }
            return exit;
        }

        @Override
        public VcpuExit step() {
            if (vcpu.take(Vcpu.KICK)) {
                return VcpuExit.KICKED;
            }
            VcpuState s = vcpu.state();
            boolean interrupt = (vcpu.pending() & Vcpu.INTR) != 0 && (s.rflags & 0x200) != 0;
            if (interrupt && vcpu.acknowledgeInterrupt() >= 0) {
                s.activity = VcpuState.ACTIVE;
            }
            if (s.activity != VcpuState.ACTIVE) {
                return VcpuExit.HALTED;
            }
            s.gpr[VcpuState.RAX]++;
            instructions = instructions + 1;
            return program.apply(vcpu);
        }

        @Override
        public long instructions() {
            return instructions;
        }

        @Override
        public Map<String, Long> counters() {
            return Map.of("fake", instructions);
        }

        @Override
        public void close() {
            attached.decrementAndGet();
        }
    }

    /** Says that it made CLD and RET of the two instructions at FFF0, and a byte of nothing. */
    private static final class Translator extends Runner implements TranslationView {
        static final long HVA = 0x7f00_0000_1000L;

        Translator(Vcpu vcpu, Function<Vcpu, VcpuExit> program, AtomicInteger attached) {
            super(vcpu, program, attached);
        }

        @Override
        public Optional<HostCode> translation(long rip) {
            return rip == 0xfff0
                    ? Optional.of(
                            new HostCode(
                                    new long[] {rip, rip + 4},
                                    new int[] {0, 1, 2},
                                    HVA,
                                    new byte[] {(byte) 0xfc, (byte) 0xc3, 0x0f}))
                    : Optional.empty();
        }
    }

    record Strategy(String name) implements MmuStrategy {
        @Override
        public String description() {
            return "none";
        }

        @Override
        public Support supportOn(Host host) {
            return Support.YES;
        }

        @Override
        public Mmu attach(Vcpu vcpu) {
            throw new UnsupportedOperationException("fake engines translate nothing");
        }
    }

    /** A device that only counts its resets and closes, and keeps the files it is given. */
    static final class Part implements Device, BusDevice, FirmwareConfig {
        /** Nothing. */
        record State() {}

        final Platform platform;
        final AtomicInteger resets = new AtomicInteger(), closes = new AtomicInteger();
        final Map<String, String> files = new ConcurrentHashMap<>();
        volatile long written;

        Part(Platform platform) {
            this.platform = platform;
        }

        @Override
        public long read(long offset, int size) {
            return 0x42;
        }

        @Override
        public void write(long offset, int size, long value) {
            written = value;
        }

        @Override
        public void addFile(String name, byte[] data) {
            files.put(name, new String(data, StandardCharsets.US_ASCII));
        }

        @Override
        public void setItem(int key, byte[] data) {}

        @Override
        public void reset() {
            resets.incrementAndGet();
        }

        @Override
        public Record save() {
            return new State();
        }

        @Override
        public void restore(Record state) {}

        @Override
        public void close() {
            closes.incrementAndGet();
        }
    }

    /** Makes parts of a model and remembers the last. */
    static final class Parts implements DeviceFactory {
        private final String model;
        volatile Part last;

        Parts(String model) {
            this.model = model;
        }

        @Override
        public String model() {
            return model;
        }

        @Override
        public String description() {
            return "fake " + model;
        }

        @Override
        public Device create(Platform platform, DeviceOptions options) {
            last = new Part(platform);
            platform.claimPorts(model, 0x7000 + (model.hashCode() & 0xfff), 1, last);
            if (model.equals("fw-cfg")) {
                platform.provide(FirmwareConfig.class, last);
            }
            return last;
        }
    }

    /** A catalog with every model of the board, all fakes, and one strategy. */
    static Catalog catalog(Map<String, Parts> parts, ExecutionEngine... engines) {
        Catalog catalog = new Catalog(new Host("fake", "fake", false));
        for (ExecutionEngine engine : engines) {
            catalog.add(engine);
        }
        catalog.add(new Strategy("softtlb"));
        for (VmConfig.DeviceSpec spec : PcModel.devices(config("x"))) {
            Parts factory = new Parts(spec.model());
            parts.put(spec.model(), factory);
            catalog.add(factory);
        }
        return catalog;
    }

    static VmConfig config(String name) {
        return config(name, 1, false, Optional.empty());
    }

    static VmConfig config(String name, int cpus, boolean icount, Optional<Path> bios) {
        var boot = new VmConfig.Boot(bios, Optional.empty(), Optional.empty(), "", List.of(), "");
        return new VmConfig(
                name,
                "auto",
                "auto",
                CpuModel.X86_64,
                cpus,
                16,
                List.of(),
                boot,
                "console",
                false,
                Map.of(),
                Optional.empty(),
                false,
                icount);
    }
}
