package trivium.machine.life;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import trivium.cpu.ExecutionEngine;
import trivium.cpu.VcpuExit;
import trivium.cpu.VcpuRunner;
import trivium.device.CurrentVcpu;
import trivium.hostos.HostInfo;
import trivium.machine.board.Board;
import trivium.machine.board.BusThread;
import trivium.machine.board.Clock;
import trivium.machine.board.Timers;
import trivium.machine.board.VirtualCpu;
import trivium.mmu.MmuStrategy;

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
    }

    private record Swap(
            ExecutionEngine engine, MmuStrategy strategy, CompletableFuture<Void> done) {}

    private final VirtualCpu vcpu;
    private final Clock clock;
    private final Timers timers;
    private final Observer observer;
    private final BusThread thread;

    // Guarded by this.
    private ExecutionEngine engine;
    private MmuStrategy strategy;
    private Swap swap;
    private boolean hold = true, held, quit, ended;

    /** Null only between two runs; written on the vCPU's thread. */
    private volatile VcpuRunner runner;

    private volatile long earlierInstructions;
    private final Map<String, Long> exits = new LinkedHashMap<>();

    VcpuLoop(
            Board board,
            VirtualCpu vcpu,
            ExecutionEngine engine,
            MmuStrategy strategy,
            Observer observer) {
        this.vcpu = vcpu;
        this.clock = board.clock();
        this.timers = board.timers();
        this.engine = engine;
        this.strategy = strategy;
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

    /** For whoever holds the vCPU; null once its thread has ended. */
    VcpuRunner runner() {
        return runner;
    }

    // --- requests

    /** Asks it to stand still; {@link #awaitHeld} waits until it does. */
    synchronized void hold() {
        hold = true;
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

    /** Asks for another engine; completes on the vCPU's thread. */
    synchronized CompletableFuture<Void> swap(ExecutionEngine to, MmuStrategy with) {
        Swap request = new Swap(to, with, new CompletableFuture<>());
        if (ended) {
            request.done.complete(null);
            return request.done;
        }
        swap = request;
        vcpu.kick();
        notifyAll();
        return request.done;
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
            attach(engine, strategy);
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
        for (Swap request = takeSwap(); request != null; request = takeSwap()) {
            change(request);
        }
        return !quitting();
    }

    /** Stands still as long as asked. @return a swap to do, or null to run on or to end */
    private synchronized Swap takeSwap() throws InterruptedException {
        while (hold && !quit && swap == null) {
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
            attach(request.engine, request.strategy);
            engine = request.engine;
            strategy = request.strategy;
            request.done.complete(null);
        } catch (RuntimeException e) {
            attach(engine, strategy);
            request.done.completeExceptionally(e);
        }
    }

    private void attach(ExecutionEngine to, MmuStrategy with) {
        VcpuRunner attached = to.attach(vcpu, with);
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
        }
    }

    private void act(VcpuExit exit) throws InterruptedException {
        switch (exit) {
            case VcpuExit.Halted _ -> {
                count("exits-halted");
                vcpu.awaitPending();
            }
            case VcpuExit.Kicked _ -> count("exits-kicked");
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
