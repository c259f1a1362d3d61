package trivium.vmi;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLongArray;
import trivium.bus.PortIo;
import trivium.cpu.ExecutionEngine;
import trivium.cpu.TranslationView;
import trivium.cpu.Vcpu;
import trivium.cpu.VcpuExit;
import trivium.cpu.VcpuRunner;
import trivium.cpu.VcpuState;
import trivium.mmu.MmuStrategy;
import trivium.x86.plain.WrappedStrategy;

/** A vCPU of a guest that speaks VMI, run by another engine. */
final class VmiRunner implements VcpuRunner, TranslationView, VmiVcpu.Listener {
    /** Stolen time is looked at no more often. */
    private static final long SAMPLE_NANOS = 1_000_000;

    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    /** Calls that reach the device, for statistics. */
    private static final Map<Integer, String> NAMES =
            Map.of(
                    Ports.INIT, "vmi-init",
                    Ports.APIC_READ, "vmi-apic-read",
                    Ports.APIC_WRITE, "vmi-apic-write",
                    Ports.STOLEN, "vmi-cycle-counter",
                    Ports.SET_ALARM, "vmi-set-alarm",
                    Ports.CANCEL_ALARM, "vmi-cancel-alarm",
                    Ports.WALLCLOCK, "vmi-wallclock",
                    Ports.AP_STATE, "vmi-initial-ap-state",
                    Ports.SHUTDOWN, "vmi-shutdown");

    private final Vcpu vcpu;
    private final PortIo ports;
    private final GuardedMmu mmu;
    private final VcpuRunner base;
    private final AtomicLongArray calls = new AtomicLongArray(Ports.COUNT / 4);

    // When this run began, and what was stolen before it. On the vCPU's thread.
    private long startNanos, startCpuNanos, stolenNanos, sampledNanos;
    private boolean running;

    VmiRunner(Vcpu vcpu, ExecutionEngine engine, MmuStrategy strategy) {
        this.vcpu = vcpu;
        ports = vcpu.ports();
        mmu = new GuardedMmu(vcpu.state());
        ports.out(Ports.STATUS, 4, 1);
        base = engine.attach(new VmiVcpu(vcpu, this), new WrappedStrategy(strategy, mmu::over));
        guardIfFound();
    }

    private int status() {
        return ports.in(Ports.STATUS, 4);
    }

    private void guardIfFound() {
        if ((status() & Ports.FOUND) != 0) {
            mmu.guard(ports.in(Ports.VIRTUAL_TOP, 4) & 0xffff_ffffL);
        }
    }

    // --- running

    @Override
    public VcpuExit run() {
        enter();
        try {
            VcpuExit exit;
            do {
                exit = base.run();
            } while (exit instanceof VcpuExit.Halted && startHere());
            return exit;
        } finally {
            leave();
        }
    }

    @Override
    public VcpuExit run(long instructions) {
        long end = base.instructions() + instructions;
        VcpuExit exit;
        do {
            exit = base.run(end - base.instructions());
        } while (exit instanceof VcpuExit.Halted && startHere() && end - base.instructions() > 0);
        return exit;
    }

    @Override
    public VcpuExit step() {
        VcpuExit exit = base.step();
        return exit instanceof VcpuExit.Halted && startHere() ? null : exit;
    }

    // --- other vCPUs' start

    @Override
    public boolean startsElsewhere() {
        return (status() & Ports.AP_READY) != 0;
    }

    /** Whether a start-up IPI came and this vCPU now is where it shall start. */
    private boolean startHere() {
        if (vcpu.state().activity != VcpuState.WAIT_FOR_SIPI
                || (vcpu.pending() & Vcpu.SIPI) == 0
                || !startsElsewhere()
                || !vcpu.take(Vcpu.SIPI)) {
            return false;
        }
        int[] asked = new int[RomCode.AP_STATE_DWORDS];
        for (int i = 0; i < asked.length; i++) {
            ports.out(Ports.AP_OWN, 4, i);
            asked[i] = ports.in(Ports.AP_OWN, 4);
        }
        ports.out(Ports.AP_OWN, 4, -1);
        guardIfFound();
        return new ApStart(vcpu, mmu).apply(asked);
    }

    // --- calls

    @Override
    public void calling(int port) {
        calls.lazySet(port - Ports.BASE >> 2, calls.get(port - Ports.BASE >> 2) + 1);
        if (port == Ports.STOLEN) {
            sampleStolen();
        }
    }

    @Override
    public int called(int port, int answer) {
        if (port == Ports.INIT && answer == 0) {
            guardIfFound();
        }
        return answer;
    }

    // --- stolen time: when this vCPU wanted to run and the host did not let it

    private void enter() {
        startNanos = sampledNanos = System.nanoTime();
        startCpuNanos = THREADS.getCurrentThreadCpuTime();
        running = true;
    }

    private void leave() {
        running = false;
        stolenNanos += stolenSinceStart(System.nanoTime());
    }

    private long stolenSinceStart(long now) {
        return Math.max(0, now - startNanos - (THREADS.getCurrentThreadCpuTime() - startCpuNanos));
    }

    private void sampleStolen() {
        long now = System.nanoTime();
        if (running && now - sampledNanos >= SAMPLE_NANOS) {
            sampledNanos = now;
            long all = stolenNanos + stolenSinceStart(now);
            ports.out(Ports.STOLEN, 4, (int) all);
            ports.out(Ports.STOLEN_HIGH, 4, (int) (all >>> 32));
        }
    }

    // --- the rest is the engine's below

    @Override
    public void kick() {
        base.kick();
    }

    @Override
    public long instructions() {
        return base.instructions();
    }

    @Override
    public Map<String, Long> counters() {
        Map<String, Long> all = new TreeMap<>(base.counters());
        NAMES.forEach((port, name) -> {
            long count = calls.get(port - Ports.BASE >> 2);
            if (count > 0) {
                all.put(name, count);
            }
        });
        return all;
    }

    @Override
    public Optional<HostCode> translation(long rip) {
        return base instanceof TranslationView view ? view.translation(rip) : Optional.empty();
    }

    @Override
    public void close() {
        base.close();
        ports.out(Ports.STATUS, 4, 0);
    }
}
