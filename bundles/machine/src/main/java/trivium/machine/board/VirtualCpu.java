package trivium.machine.board;

import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import trivium.bus.PortIo;
import trivium.cpu.CpuModel;
import trivium.cpu.ExecutionEngine;
import trivium.cpu.LocalApic;
import trivium.cpu.Vcpu;
import trivium.cpu.VcpuState;
import trivium.device.ApicBus;
import trivium.device.CoprocessorError;
import trivium.device.IsaPic;
import trivium.hostos.AtomicWord;
import trivium.memory.PhysicalMemory;

/**
 * A vCPU of a board: its state, and what asks for its attention. Event bits are set on any thread;
 * the state belongs to the vCPU's thread while the VM runs.
 */
public final class VirtualCpu implements Vcpu, ApicBus.Target {
    private static final long RFLAGS_IF = 1L << 9;

    private final int index;
    private final AtomicWord pending = new AtomicWord();
    private final CpuModel model;
    private final PhysicalMemory memory;
    private final PortIo ports;
    private final Clock clock;
    private final Timers timers;
    private final VcpuState state = new VcpuState();
    private final LongAdder halts = new LongAdder();

    /** A CPU holds one NMI back while another waits; more are lost. */
    private final AtomicBoolean secondNmi = new AtomicBoolean();

    private volatile int sipiVector;
    private volatile boolean waiting;
    private volatile Thread thread;
    private volatile IsaPic pic;
    private volatile ApicBus apics;
    private volatile Supplier<Optional<ExecutionEngine>> software = Optional::empty;
    private volatile ExecutionEngine usedSoftware;
    private volatile Runnable kick = () -> {};
    private volatile CoprocessorError coprocessor = _ -> {};

    VirtualCpu(int index, CpuModel model, PhysicalMemory memory, PortIo ports, Timers timers) {
        this.index = index;
        this.model = model;
        this.memory = memory;
        this.ports = ports;
        this.clock = timers.clock();
        this.timers = timers;
    }

    /** Who runs guests that no other engine can. */
    public void setSoftware(Supplier<Optional<ExecutionEngine>> software) {
        this.software = software;
    }

    @Override
    public Optional<ExecutionEngine> softwareEngine() {
        Optional<ExecutionEngine> engine = software.get();
        usedSoftware = engine.orElse(null);
        return engine;
    }

    /** What the engine attached now took for what it cannot run itself; null if it did not ask. */
    public ExecutionEngine software() {
        return usedSoftware;
    }

    /** To be called before another engine is attached. */
    public void forgetSoftware() {
        usedSoftware = null;
    }

    /** Tells the engine of everything that becomes pending; called on the vCPU's thread. */
    public void setKick(Runnable kick) {
        this.kick = kick;
    }

    /** Joins the interrupt controllers the board has; either may be null. */
    void connect(IsaPic pic, ApicBus apics, CoprocessorError coprocessor) {
        this.coprocessor = coprocessor;
        this.pic = pic;
        this.apics = apics;
        if (apics != null) {
            apics.connect(index, this);
        }
        update();
    }

    /** Called on the thread that will run this vCPU. */
    public void bindThread() {
        thread = Thread.currentThread();
    }

    @Override
    public int index() {
        return index;
    }

    @Override
    public VcpuState state() {
        return state;
    }

    @Override
    public CpuModel model() {
        return model;
    }

    @Override
    public PhysicalMemory memory() {
        return memory;
    }

    @Override
    public PortIo ports() {
        return ports;
    }

    @Override
    public LocalApic apic() {
        ApicBus bus = apics;
        return bus == null ? LocalApic.NONE : bus.apic(index);
    }

    // --- events

    @Override
    public int pending() {
        return pending.get();
    }

    @Override
    public long pendingHva() {
        return pending.hva();
    }

    @Override
    public boolean take(int bit) {
        boolean was = (pending.and(~bit) & bit) != 0;
        if (bit == NMI && was && secondNmi.getAndSet(false)) {
            set(NMI);
        }
        return was;
    }

    /** Sets an event bit and wakes the thread if it waits. */
    public void set(int bit) {
        pending.or(bit);
        if (waiting && Thread.currentThread() != thread) {
            LockSupport.unpark(thread);
        } else if (Thread.currentThread() != thread) {
            kick.run();
        }
    }

    public void kick() {
        set(KICK);
    }

    /** Whether it waits for an event: halted. */
    public boolean waiting() {
        return waiting;
    }

    /** Events that no line asserts: those to be saved with the state. */
    record Events(int latched, boolean secondNmi, int sipiVector) {}

    Events saveEvents() {
        return new Events(pending.get() & (NMI | INIT | SIPI), secondNmi.get(), sipiVector);
    }

    /** Sets the events after a restore of the devices. */
    void restoreEvents(Events events) {
        secondNmi.set(events.secondNmi);
        sipiVector = events.sipiVector;
        pending.and(ENGINE);
        pending.or(events.latched);
        update();
    }

    /** Forgets events of before a reset; KICK stays. */
    void clearEvents() {
        secondNmi.set(false);
        pending.and(KICK | ENGINE);
        update();
    }

    /**
     * The interrupt lines changed. No lock is taken, since callers hold those of controllers: two
     * that race both clear first and look again after.
     */
    @Override
    public void update() {
        if (interruptAsserted()) {
            if ((pending.get() & INTR) == 0) {
                set(INTR);
            }
            return;
        }
        pending.and(~INTR);
        if (interruptAsserted()) {
            set(INTR);
        }
    }

    private boolean interruptAsserted() {
        ApicBus bus = apics;
        return bus != null && bus.interruptPending(index) || picAsserted(bus);
    }

    private boolean picAsserted(ApicBus bus) {
        IsaPic controller = pic;
        return controller != null
                && controller.interruptAsserted()
                && (bus == null ? index == 0 : bus.acceptsPic(index));
    }

    @Override
    public void nmi() {
        if ((pending.get() & NMI) != 0) {
            secondNmi.set(true);
        }
        set(NMI);
    }

    @Override
    public void init() {
        set(INIT);
    }

    @Override
    public void sipi(int vector) {
        sipiVector = vector & 0xff;
        set(SIPI);
    }

    @Override
    public int sipiVector() {
        return sipiVector;
    }

    @Override
    public int acknowledgeInterrupt() {
        ApicBus bus = apics;
        int vector = bus == null ? -1 : bus.acknowledge(index);
        if (vector < 0 && picAsserted(bus)) {
            vector = pic.acknowledge();
        }
        update();
        return vector;
    }

    @Override
    public void ferr(boolean asserted) {
        coprocessor.ferr(asserted);
    }

    // --- waiting and time

    @Override
    public void onHalt() {
        halts.increment();
    }

    public long halts() {
        return halts.sum();
    }

    @Override
    public long tsc() {
        return clock.nanos(); // 1 GHz
    }

    @Override
    public OptionalLong tscAheadOfHost() {
        return clock.aheadOfHost();
    }

    @Override
    public void awaitPending() throws InterruptedException {
        waiting = true;
        try {
            while ((pending.get() & wakingEvents()) == 0) {
                if (clock.counted()) {
                    skipToNextTimer();
                } else {
                    timers.help();
                }
                if (Thread.interrupted()) {
                    throw new InterruptedException("vCPU %d".formatted(index));
                }
            }
        } finally {
            waiting = false;
        }
    }

    /** What ends the present wait: an interrupt only if the CPU would take it. */
    private int wakingEvents() {
        if (state.activity == VcpuState.WAIT_FOR_SIPI) {
            return INIT | SIPI | KICK;
        }
        int events = INIT | KICK;
        events |= state.nmiBlocked ? 0 : NMI;
        return (state.rflags & RFLAGS_IF) != 0 ? events | INTR : events;
    }

    /**
     * What {@link #awaitPending} does with a counted clock, without waiting for anybody else.
     *
     * @return false if nothing ends this wait within the given time
     */
    public boolean skipHalt(long nanos) {
        long end = clock.nanos() + nanos;
        while ((pending.get() & wakingEvents()) == 0) {
            if (timers.earliest() > end) {
                return false;
            }
            skipToNextTimer();
        }
        return true;
    }

    /** Nothing else moves a counted clock while its only vCPU is halted. */
    private void skipToNextTimer() {
        long next = timers.earliest();
        if (next == Long.MAX_VALUE) {
            LockSupport.parkNanos(this, 1_000_000);
            return;
        }
        clock.advance(Math.max(0, next - clock.nanos()));
        timers.runDue();
    }
}
