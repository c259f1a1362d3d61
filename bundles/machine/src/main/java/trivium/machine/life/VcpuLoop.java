package trivium.machine.life;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import trivium.cpu.CodeKind;
import trivium.cpu.VcpuExit;
import trivium.cpu.VcpuRunner;
import trivium.device.CurrentVcpu;
import trivium.hostos.HostInfo;
import trivium.machine.board.Board;
import trivium.machine.board.BusThread;
import trivium.machine.board.Clock;
import trivium.machine.board.Timers;
import trivium.machine.board.VirtualCpu;

/**
 * The life of a vCPU on its own thread: run, halt, stand still when asked, change engines between
 * two runs. Requests come from any thread under this object's monitor; each kicks the vCPU.
 */
final class VcpuLoop {
    private static final int PATIENCE_SECONDS = 10;

    /** Told how a run went wrong, on the vCPU's thread, which then stands still or ends. */
    interface Observer {
        void tripleFault(VcpuLoop loop);

        void failed(VcpuLoop loop, String reason, Throwable cause);

        /** It runs again, having stood still for another engine or strategy. */
        void swapped(VcpuLoop loop, long pauseNanos);
    }

    /**
     * @param to null: none, so that the vCPU stands still until it gets one
     * @param timed whether the guest runs but for this
     */
    private record Swap(EngineMode to, boolean timed, CompletableFuture<Void> done) {}

    private final VirtualCpu vcpu;
    private final Clock clock;
    private final Timers timers;
    private final Observer observer;
    private final BusThread thread;

    // Guarded by this.
    private volatile EngineMode mode;
    private Swap swap;
    private boolean hold = true, held, quit, ended;

    /** When it came to rest, in host time; used on the vCPU's thread. */
    private long rested;

    /** Whether it changes while the guest runs, and nobody else has it stand still meanwhile. */
    private volatile boolean swapped;

    /** Null only between two runs; written on the vCPU's thread. */
    private volatile VcpuRunner runner;

    private volatile long earlierInstructions;
    private final Map<String, Long> exits = new LinkedHashMap<>();

    VcpuLoop(Board board, VirtualCpu vcpu, EngineMode mode, Observer observer) {
        this.vcpu = vcpu;
        this.clock = board.clock();
        this.timers = board.timers();
        this.mode = mode;
        this.observer = observer;
        String name = "trivium-%s-vcpu%d".formatted(board.config().name(), vcpu.index());
        thread = new BusThread(this::live, name);
    }

    /** Starts the thread; it attaches the engine and stands still until {@link #release}. */
    void start() {
        thread.start();
    }

    VirtualCpu vcpu() {
        return vcpu;
    }

    /** For whoever holds the vCPU; null while it has no engine and once its thread has ended. */
    VcpuRunner runner() {
        return runner;
    }

    // --- requests

    /** Asks it to stand still; {@link #awaitHeld} waits until it does. */
    synchronized void hold() {
        hold = true;
        swapped = false;
        vcpu.kick();
    }

    /**
     * @return false if it does not come to rest in time
     */
    synchronized boolean awaitHeld() throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (!held && !ended) {
            long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
            if (left <= 0) {
                return false;
            }
            wait(left);
        }
        return true;
    }

    synchronized void release() {
        hold = false;
        notifyAll();
    }

    /**
     * Asks for another engine, or for none with null; completes on the vCPU's thread. If the new
     * one refuses, the old one goes on.
     */
    synchronized CompletableFuture<Void> swap(EngineMode to, boolean timed) {
        Swap request = new Swap(to, timed, new CompletableFuture<>());
        if (ended) {
            request.done.complete(null);
            return request.done;
        }
        swap = request;
        vcpu.kick();
        notifyAll();
        return request.done;
    }

    /** Takes back a request that was not begun. */
    synchronized void forgetSwap() {
        swap = null;
    }

    synchronized void quit() {
        quit = true;
        vcpu.kick();
        notifyAll();
    }

    /**
     * @return whether the thread has ended
     */
    boolean join() throws InterruptedException {
        thread.join(TimeUnit.SECONDS.toMillis(PATIENCE_SECONDS));
        return !thread.isAlive();
    }

    // --- the thread

    private void live() {
        CurrentVcpu.bind(vcpu.index(), vcpu.state());
        vcpu.bindThread();
        HostInfo.wakeOnTime();
        try {
            attach(mode);
            while (serve()) {
                act(clock.counted() ? runCounted() : runner.run());
            }
        } catch (InterruptedException e) {
            observer.failed(this, "its thread was interrupted", e);
        } catch (RuntimeException | Error e) {
            observer.failed(this, e.toString(), e);
        } finally {
            end();
        }
    }

    private void end() {
        try {
            detach();
        } finally {
            synchronized (this) {
                ended = true;
                if (swap != null) {
                    swap.done.complete(null);
                }
                notifyAll();
            }
        }
    }

    /** Does what was asked. @return false when it is time to end */
    private boolean serve() throws InterruptedException {
        rested = System.nanoTime();
        for (Swap request = takeSwap(); request != null; request = takeSwap()) {
            change(request);
        }
        if (swapped) {
            swapped = false;
            observer.swapped(this, System.nanoTime() - rested);
        }
        return !quitting();
    }

    /** Stands still as long as asked. @return a swap to do, or null to run on or to end */
    private synchronized Swap takeSwap() throws InterruptedException {
        while ((hold || runner == null) && !quit && swap == null) {
            held = true;
            notifyAll();
            wait();
        }
        Swap request = quit ? null : swap;
        swap = quit ? swap : null;
        return request;
    }

    private synchronized boolean quitting() {
        held = false;
        return quit;
    }

    private void change(Swap request) {
        detach();
        try {
            if (request.to != null) {
                attach(request.to);
            }
            mode = request.to;
            swapped |= request.timed;
            request.done.complete(null);
        } catch (RuntimeException | Error e) {
            try {
                if (mode != null) {
                    attach(mode);
                }
            } finally {
                request.done.completeExceptionally(e);
            }
        }
    }

    private void attach(EngineMode to) {
        VcpuRunner attached = to.engine().attach(vcpu, to.strategy());
        runner = attached;
        vcpu.setKick(attached::kick);
        clock.follow(attached::instructions);
    }

    private void detach() {
        VcpuRunner old = runner;
        runner = null;
        if (old != null) {
            earlierInstructions += old.instructions();
            clock.follow(() -> 0);
            vcpu.setKick(() -> {});
            old.close();
            vcpu.forgetSoftware();
        }
    }

    /** Whether a part that is about to go is used by this vCPU. */
    boolean uses(Object part) {
        EngineMode now = mode;
        return now != null && now.uses(part) || vcpu.software() == part;
    }

    private void act(VcpuExit exit) throws InterruptedException {
        switch (exit) {
            case VcpuExit.Halted _ -> {
                count("exits-halted");
                vcpu.awaitPending();
            }
            case VcpuExit.Kicked _ -> {
                count("exits-kicked");
                takeSample();
            }
            case VcpuExit.TripleFault _ -> {
                count("exits-triple-fault");
                hold();
                observer.tripleFault(this);
            }
            case VcpuExit.Failed(String reason) -> {
                count("exits-failed");
                hold();
                observer.failed(this, reason, null);
            }
        }
    }

    /** From one deadline to the next, each instruction taking its time: the same on every run. */
    private VcpuExit runCounted() {
        VcpuExit exit = null;
        while (exit == null) {
            exit = runner.run(timers.catchUp());
        }
        return exit;
    }

    private void count(String exit) {
        synchronized (exits) {
            exits.merge(exit, 1L, Long::sum);
        }
    }

    // --- what it does

    private volatile Samples wanted;

    /** Has what it does just now counted, soon. */
    void sample(Samples samples) {
        if (vcpu.waiting()) {
            samples.idle();
            return;
        }
        wanted = samples;
        vcpu.kick();
    }

    private void takeSample() {
        Samples samples = wanted;
        if (samples != null) {
            wanted = null;
            samples.runs(CodeKind.of(vcpu.state()));
        }
    }

    // --- statistics

    /** Guest instructions retired; may lag. */
    long instructions() {
        VcpuRunner now = runner;
        return earlierInstructions + (now == null ? 0 : now.instructions());
    }

    void addCounters(Map<String, Long> sum) {
        VcpuRunner now = runner;
        if (now != null) {
            now.counters().forEach((name, n) -> sum.merge(name, n, Long::sum));
        }
        synchronized (exits) {
            exits.forEach((name, n) -> sum.merge(name, n, Long::sum));
        }
        sum.merge("halts", vcpu.halts(), Long::sum);
    }

    long threadId() {
        return thread.threadId();
    }
}
